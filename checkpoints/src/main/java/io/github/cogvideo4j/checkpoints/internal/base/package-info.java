/// Reading the model that was fine-tuned.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.base;

import org.jspecify.annotations.NullMarked;
