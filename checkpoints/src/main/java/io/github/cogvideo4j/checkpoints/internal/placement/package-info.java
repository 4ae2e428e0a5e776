/// Which component of a model weights are, by their names and shapes.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.placement;

import org.jspecify.annotations.NullMarked;
