/// Tensors' values, streamed as doubles: statistics of one, differences of two.
@NullMarked
package io.github.cogvideo4j.checkpoints.inspect.values;

import org.jspecify.annotations.NullMarked;
