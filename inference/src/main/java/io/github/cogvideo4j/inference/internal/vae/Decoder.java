package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// From latents to frames: levels from coarse to fine, each ending in an [Upsampler] except the last.
final class Decoder implements Coder {
    private final CausalConv3d convIn;
    private final Level middle;
    private final List<Level> levels = new ArrayList<>();
    private final CoderEnd end;

    Decoder(Weights weights, VaeConfig config) {
        List<Integer> channels = config.blockOutChannels().reversed();
        ResnetBlock.NormFactory norms =
                (at, width) -> new SpatialNorm(at, width, config.latentChannels(), config.normNumGroups());
        long in = channels.getFirst();
        this.convIn = new CausalConv3d(weights.at("conv_in"), "conv_in", config.latentChannels(), in);
        this.middle = Level.middle(weights.at("mid_block"), in, norms);
        for (int i = 0; i < channels.size(); i++) {
            long out = channels.get(i);
            Weights at = weights.at("up_blocks", i);
            Optional<Resampler> upsampler = i == channels.size() - 1
                    ? Optional.empty()
                    : Optional.of(new Upsampler(at.at("upsamplers", 0), out, i < config.temporalLevels()));
            levels.add(Level.of(at, "up_block_" + i, in, out, config.layersPerBlock() + 1, norms, upsampler));
            in = out;
        }
        this.end = new CoderEnd(weights, norms.norm(weights.at("norm_out"), in), in, config.outChannels());
    }

    @Override
    public Tensor forward(Tensor latents, Pass pass) {
        return Scoped.tensor(() -> {
            Stage stage = Stage.first(convIn, latents, pass);
            stage.done("conv_in");
            middle.forward(stage, latents, pass);
            stage.done("mid_block");
            for (int i = 0; i < levels.size(); i++) {
                levels.get(i).forward(stage, latents, pass);
                stage.done("up_block." + i);
            }
            return end.forward(stage.frames(), latents, pass);
        });
    }
}
