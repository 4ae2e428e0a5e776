package io.github.cogvideo4j.inference.vae;

import org.bytedeco.pytorch.Tensor;

/// The encoder or the decoder: a chunk of frames in, a chunk of frames out.
interface Coder {
    /// `[frames, height, width, channels]`, one chunk after another, in order.
    ///
    /// @param caches what the chunks before left
    Tensor forward(Tensor chunk, ConvCaches caches, Probe probe);
}
