/// The causal 3D autoencoder: videos to latents and back, in bounded memory.
@NullMarked
package io.github.cogvideo4j.inference.internal.vae;

import org.jspecify.annotations.NullMarked;
