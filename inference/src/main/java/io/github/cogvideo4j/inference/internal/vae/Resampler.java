package io.github.cogvideo4j.inference.internal.vae;

import org.bytedeco.pytorch.Tensor;

/// Between two levels: frames of another size and, where the level says so, another number of them.
@FunctionalInterface
interface Resampler {
    /// `[frames, height, width, channels]` to other frames, heights and widths, in memory of the workspace.
    Tensor forward(Tensor input, Workspace workspace);
}
