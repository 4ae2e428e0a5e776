/// Streams of values, for statistics of one tensor or of the difference of two.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.inspect.values;

import org.jspecify.annotations.NullMarked;
