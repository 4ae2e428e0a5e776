/// What an adapter does to a tensor: the kinds of change, their arithmetic, and the resulting tensor.
@NullMarked
package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import org.jspecify.annotations.NullMarked;
