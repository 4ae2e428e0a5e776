/// Samplers: from noise to latents, one run for each generation. CogVideoX's own two to the bit, and the stock
/// classes of diffusers.
@NullMarked
package io.github.cogvideo4j.inference.internal.sampler;

import org.jspecify.annotations.NullMarked;
