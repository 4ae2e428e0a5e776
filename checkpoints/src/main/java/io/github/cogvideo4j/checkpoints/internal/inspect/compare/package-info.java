/// Where a tensor stands in its model.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.inspect.compare;

import org.jspecify.annotations.NullMarked;
