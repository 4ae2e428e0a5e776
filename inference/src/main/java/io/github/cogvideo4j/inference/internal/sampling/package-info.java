/// From a request to clean latents and decoded frames: conditioning, guidance, the denoising loop, decoding, and
/// the plan with its memory.
@NullMarked
package io.github.cogvideo4j.inference.internal.sampling;

import org.jspecify.annotations.NullMarked;
