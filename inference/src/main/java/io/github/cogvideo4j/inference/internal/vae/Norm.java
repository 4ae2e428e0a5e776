package io.github.cogvideo4j.inference.internal.vae;

import org.bytedeco.pytorch.Tensor;

/// A norm over a whole chunk of frames.
interface Norm {
    /// Takes the statistics of a chunk. The result reads the frames again when it is asked for them, and
    /// belongs to the current scope.
    ///
    /// @param frames  `[frames, height, width, channels]`
    /// @param latents the latents that are decoded, `[latent frames, h, w, latent channels]`; only the
    ///                decoder's norms look at them
    NormalizedFrames over(Tensor frames, Tensor latents);
}
