package io.github.cogvideo4j.inference.vae;

import io.github.cogvideo4j.inference.runtime.Scoped;
import io.github.cogvideo4j.inference.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// From latents to frames: levels from coarse to fine, each ending in an [Upsampler] except the last.
final class Decoder implements Coder {
    private static final int MIDDLE_LAYERS = 2;

    private final CausalConv3d convIn;
    private final long widest;
    private final List<ResnetBlock> middle = new ArrayList<>();
    private final List<Level> levels = new ArrayList<>();
    private final CoderEnd end;

    private record Level(List<ResnetBlock> blocks, Optional<Upsampler> upsampler) {}

    Decoder(Weights weights, VaeConfig config) {
        List<Integer> channels = config.blockOutChannels().reversed();
        ResnetBlock.NormFactory norms =
                (at, width) -> new SpatialNorm(at, width, config.latentChannels(), config.normNumGroups());
        this.widest = channels.getFirst();
        this.convIn = new CausalConv3d(weights.at("conv_in"), "conv_in", config.latentChannels(), widest);
        for (int i = 0; i < MIDDLE_LAYERS; i++) {
            Weights at = weights.at("mid_block").at("resnets", i);
            middle.add(new ResnetBlock(at, "mid_block.resnet_" + i, widest, widest, norms));
        }
        long in = widest;
        for (int level = 0; level < channels.size(); level++) {
            long out = channels.get(level);
            Weights at = weights.at("up_blocks", level);
            List<ResnetBlock> blocks = new ArrayList<>();
            for (int i = 0; i <= config.layersPerBlock(); i++) {
                String name = "up_block_" + level + ".resnet_" + i;
                blocks.add(new ResnetBlock(at.at("resnets", i), name, i == 0 ? in : out, out, norms));
            }
            boolean last = level == channels.size() - 1;
            levels.add(new Level(
                    blocks,
                    last
                            ? Optional.empty()
                            : Optional.of(
                                    new Upsampler(at.at("upsamplers", 0), out, level < config.temporalLevels()))));
            in = out;
        }
        this.end = new CoderEnd(weights, norms.norm(weights.at("norm_out"), in), in, config.outChannels());
    }

    @Override
    public Tensor forward(Tensor latents, ConvCaches caches, Probe probe) {
        return Scoped.tensor(() -> {
            Stage stage =
                    new Stage(CoderEnd.convolved(convIn, FrameSource.of(latents), latents, widest, caches), probe);
            stage.done("conv_in");
            middle.forEach(block -> stage.next(x -> block.forward(x, latents, caches)));
            stage.done("mid_block");
            for (int i = 0; i < levels.size(); i++) {
                Level level = levels.get(i);
                level.blocks().forEach(block -> stage.next(x -> block.forward(x, latents, caches)));
                level.upsampler().ifPresent(upsampler -> stage.next(upsampler::forward));
                stage.done("up_block." + i);
            }
            return end.forward(stage.frames(), latents, caches, probe);
        });
    }
}
