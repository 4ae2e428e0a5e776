package io.github.cogvideo4j.inference.internal.vae;

import org.bytedeco.pytorch.Tensor;

/// The encoder or the decoder: a chunk of frames in, a chunk of frames out.
@FunctionalInterface
interface Coder {
    /// `[frames, height, width, channels]`, one chunk after another, in order.
    ///
    /// @param pass what the chunks before left
    Tensor forward(Tensor chunk, Pass pass);
}
