package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/// Blocks at one size of frames, and what leads to the next size.
record Level(List<ResnetBlock> blocks, Optional<Resampler> resampler) {
    private static final int MIDDLE_BLOCKS = 2;

    /// The blocks between the narrowest level and the latents, which change nothing but values.
    static Level middle(Weights weights, long channels, ResnetBlock.NormFactory norms) {
        return of(weights, "mid_block", channels, channels, MIDDLE_BLOCKS, norms, Optional.empty());
    }

    /// A level whose first block goes from `in` channels to `out`.
    ///
    /// @param weights under which `resnets` stands
    /// @param name    what its convolutions' caches begin with
    static Level of(
            Weights weights,
            String name,
            long in,
            long out,
            int count,
            ResnetBlock.NormFactory norms,
            Optional<Resampler> resampler) {
        List<ResnetBlock> blocks = IntStream.range(0, count)
                .mapToObj(i ->
                        new ResnetBlock(weights.at("resnets", i), name + ".resnet_" + i, i == 0 ? in : out, out, norms))
                .toList();
        return new Level(blocks, resampler);
    }

    void forward(Stage stage, Tensor latents, Pass pass) {
        blocks.forEach(block -> stage.next(frames -> block.forward(frames, latents, pass)));
        resampler.ifPresent(between -> stage.next(frames -> between.forward(frames, pass.workspace())));
    }
}
