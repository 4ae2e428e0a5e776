/// Adapters: opened in any dialect, fused into a model, taken out of a fine-tuned one, recovered from training
/// states, written in another dialect.
@NullMarked
package io.github.cogvideo4j.checkpoints.lora;

import org.jspecify.annotations.NullMarked;
