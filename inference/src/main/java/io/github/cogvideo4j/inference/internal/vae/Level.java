package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/// The residual blocks at one resolution, and the change to the next resolution.
///
/// @param name      what a probe calls its result
/// @param blocks    one after the other
/// @param resampler what follows them; none in the last level
record Level(String name, List<ResnetBlock> blocks, Optional<Resampler> resampler) {
    private static final int MIDDLE_BLOCKS = 2;

    /// A change of the resolution and, where the level says so, of the number of frames.
    @FunctionalInterface
    interface Resampler {
        /// `[frames, height, width, channels]` to other frames, heights and widths, in memory of the workspace.
        Tensor forward(Tensor input, Workspace workspace);
    }

    /// The level in the middle, which keeps resolution and channels.
    static Level middle(Weights weights, long channels, Norm.Factory norms) {
        return new Level(
                "mid_block", blocks(weights, "mid_block", channels, channels, MIDDLE_BLOCKS, norms), Optional.empty());
    }

    /// A level whose first block goes from `in` channels to `out`.
    ///
    /// @param weights those that contain `resnets`
    /// @param kind    `down_block` or `up_block`
    /// @param number  its place among the levels of this kind
    static Level of(
            Weights weights,
            String kind,
            int number,
            long in,
            long out,
            int count,
            Norm.Factory norms,
            Optional<Resampler> resampler) {
        return new Level(kind + "." + number, blocks(weights, kind + "_" + number, in, out, count, norms), resampler);
    }

    private static List<ResnetBlock> blocks(
            Weights weights, String caches, long in, long out, int count, Norm.Factory norms) {
        return IntStream.range(0, count)
                .mapToObj(i -> new ResnetBlock(
                        weights.at("resnets", i), caches + ".resnet_" + i, i == 0 ? in : out, out, norms))
                .toList();
    }

    /// Takes frames through the level and frees the handles of all tensors on the way.
    Tensor forward(Tensor input, Tensor latents, CodingState state) {
        Tensor frames = input;
        for (ResnetBlock block : blocks) {
            frames = replaced(frames, before -> block.forward(before, latents, state));
        }
        if (resampler.isPresent()) {
            frames = replaced(frames, before -> resampler.get().forward(before, state.workspace()));
        }
        Tensor result = frames;
        state.probe().see(name, () -> result);
        return result;
    }

    private static Tensor replaced(Tensor before, UnaryOperator<Tensor> step) {
        Tensor after = step.apply(before);
        before.close();
        return after;
    }
}
