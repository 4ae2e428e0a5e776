/// Adapters from the inside: found, read in any dialect, bound to a model's own names, written.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.lora;

import org.jspecify.annotations.NullMarked;
