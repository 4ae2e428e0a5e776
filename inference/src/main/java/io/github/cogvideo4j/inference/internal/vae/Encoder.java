package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// From frames to the mean and the logarithm of the variance of latents: levels from fine to coarse, each
/// ending in a [Downsampler] except the last.
final class Encoder implements Coder {
    private static final double LAST_EPS = 1e-6;

    private final CausalConv3d convIn;
    private final List<Level> levels = new ArrayList<>();
    private final Level middle;
    private final CoderEnd end;

    Encoder(Weights weights, VaeConfig config) {
        List<Integer> channels = config.blockOutChannels();
        ResnetBlock.NormFactory norms =
                (at, width) -> new GroupNorm(at, width, config.normNumGroups(), config.normEps());
        long in = channels.getFirst();
        this.convIn = new CausalConv3d(weights.at("conv_in"), "conv_in", config.inChannels(), in);
        for (int i = 0; i < channels.size(); i++) {
            long out = channels.get(i);
            Weights at = weights.at("down_blocks", i);
            Optional<Resampler> downsampler = i == channels.size() - 1
                    ? Optional.empty()
                    : Optional.of(new Downsampler(at.at("downsamplers", 0), out, i < config.temporalLevels()));
            levels.add(Level.of(at, "down_block_" + i, in, out, config.layersPerBlock(), norms, downsampler));
            in = out;
        }
        this.middle = Level.middle(weights.at("mid_block"), in, norms);
        Norm last = new GroupNorm(weights.at("norm_out"), in, config.normNumGroups(), LAST_EPS);
        this.end = new CoderEnd(weights, last, in, 2L * config.latentChannels());
    }

    @Override
    public Tensor forward(Tensor video, Pass pass) {
        return Scoped.tensor(() -> {
            Stage stage = Stage.first(convIn, video, pass);
            stage.done("conv_in");
            for (int i = 0; i < levels.size(); i++) {
                levels.get(i).forward(stage, video, pass);
                stage.done("down_block." + i);
            }
            middle.forward(stage, video, pass);
            stage.done("mid_block");
            return end.forward(stage.frames(), video, pass);
        });
    }
}
