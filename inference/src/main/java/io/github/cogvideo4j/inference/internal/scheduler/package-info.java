/// From noise to latents, step by step: the schedulers of CogVideoX, to the bit.
@NullMarked
package io.github.cogvideo4j.inference.internal.scheduler;

import org.jspecify.annotations.NullMarked;
