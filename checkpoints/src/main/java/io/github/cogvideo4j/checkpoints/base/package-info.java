/// The model that was fine-tuned.
@NullMarked
package io.github.cogvideo4j.checkpoints.base;

import org.jspecify.annotations.NullMarked;
