/// Low-rank adapters: read, fused into a model, taken out of a fine-tuned one, recovered from training
/// states.
@NullMarked
package io.github.cogvideo4j.checkpoints.lora;

import org.jspecify.annotations.NullMarked;
