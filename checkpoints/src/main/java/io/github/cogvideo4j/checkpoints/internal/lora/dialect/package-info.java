/// How the tools of the field spell adapters: names of tensors, and where rank and alpha are written down.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import org.jspecify.annotations.NullMarked;
