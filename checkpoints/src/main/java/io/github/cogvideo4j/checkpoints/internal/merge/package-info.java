/// Checkpoints merged into one as they are read: the arithmetic, tensor by tensor and in bounded memory.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.merge;

import org.jspecify.annotations.NullMarked;
