package io.github.cogvideo4j.inference.vae;

import io.github.cogvideo4j.inference.runtime.Scoped;
import io.github.cogvideo4j.inference.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// From frames to the mean and the logarithm of the variance of latents: levels from fine to coarse, each
/// ending in a [Downsampler] except the last.
final class Encoder implements Coder {
    private static final int MIDDLE_LAYERS = 2;
    private static final double LAST_EPS = 1e-6;

    private final CausalConv3d convIn;
    private final long narrowest;
    private final List<Level> levels = new ArrayList<>();
    private final List<ResnetBlock> middle = new ArrayList<>();
    private final CoderEnd end;

    private record Level(List<ResnetBlock> blocks, Optional<Downsampler> downsampler) {}

    Encoder(Weights weights, VaeConfig config) {
        List<Integer> channels = config.blockOutChannels();
        ResnetBlock.NormFactory norms =
                (at, width) -> new GroupNorm(at, width, config.normNumGroups(), config.normEps());
        this.narrowest = channels.getFirst();
        this.convIn = new CausalConv3d(weights.at("conv_in"), "conv_in", config.inChannels(), narrowest);
        long in = narrowest;
        for (int level = 0; level < channels.size(); level++) {
            long out = channels.get(level);
            Weights at = weights.at("down_blocks", level);
            List<ResnetBlock> blocks = new ArrayList<>();
            for (int i = 0; i < config.layersPerBlock(); i++) {
                String name = "down_block_" + level + ".resnet_" + i;
                blocks.add(new ResnetBlock(at.at("resnets", i), name, i == 0 ? in : out, out, norms));
            }
            boolean last = level == channels.size() - 1;
            levels.add(new Level(
                    blocks,
                    last
                            ? Optional.empty()
                            : Optional.of(
                                    new Downsampler(at.at("downsamplers", 0), out, level < config.temporalLevels()))));
            in = out;
        }
        for (int i = 0; i < MIDDLE_LAYERS; i++) {
            Weights at = weights.at("mid_block").at("resnets", i);
            middle.add(new ResnetBlock(at, "mid_block.resnet_" + i, in, in, norms));
        }
        Norm last = new GroupNorm(weights.at("norm_out"), in, config.normNumGroups(), LAST_EPS);
        this.end = new CoderEnd(weights, last, in, 2L * config.latentChannels());
    }

    @Override
    public Tensor forward(Tensor video, ConvCaches caches, Probe probe) {
        return Scoped.tensor(() -> {
            Stage stage = new Stage(CoderEnd.convolved(convIn, FrameSource.of(video), video, narrowest, caches), probe);
            stage.done("conv_in");
            for (int i = 0; i < levels.size(); i++) {
                Level level = levels.get(i);
                level.blocks().forEach(block -> stage.next(x -> block.forward(x, video, caches)));
                level.downsampler().ifPresent(downsampler -> stage.next(downsampler::forward));
                stage.done("down_block." + i);
            }
            middle.forEach(block -> stage.next(x -> block.forward(x, video, caches)));
            stage.done("mid_block");
            return end.forward(stage.frames(), video, caches, probe);
        });
    }
}
