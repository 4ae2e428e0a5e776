/// Tensors' values one by one, read in order, for comparing them.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.verify;

import org.jspecify.annotations.NullMarked;
