/// The same work for many tensors on several threads.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.parallel;

import org.jspecify.annotations.NullMarked;
