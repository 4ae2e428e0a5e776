package io.github.cogvideo4j.inference.internal.vae;

import org.bytedeco.pytorch.Tensor;

/// Frames that are computed when they are needed, so that they are never in memory all at once.
@FunctionalInterface
interface LazyFrames {
    /// Computes frames into memory that is there.
    ///
    /// @param first the number of the first one
    /// @param into  `[frames, height, width, channels]`
    void write(long first, Tensor into);

    /// Black frames.
    LazyFrames ZEROS = (first, into) -> into.zero_();

    /// Frames that are there already.
    static LazyFrames of(Tensor frames) {
        return (first, into) -> into.copy_(frames.narrow(0, first, into.size(0)));
    }
}
