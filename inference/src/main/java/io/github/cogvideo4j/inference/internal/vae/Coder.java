package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// The encoder or the decoder of the autoencoder: a convolution, levels of residual blocks, and at the end norm,
/// SiLU and convolution. Chunks of frames go through it in order.
final class Coder {
    private static final double LAST_EPS = 1e-6;

    private final CausalConv3d convIn;
    private final List<Level> levels;
    private final Norm normOut;
    private final CausalConv3d convOut;

    private Coder(CausalConv3d convIn, List<Level> levels, Norm normOut, CausalConv3d convOut) {
        this.convIn = convIn;
        this.levels = levels;
        this.normOut = normOut;
        this.convOut = convOut;
    }

    /// The encoder: from frames to the mean and the logarithm of the variance of latents, levels from fine to coarse.
    static Coder encoder(Weights weights, VaeConfig config) {
        List<Integer> channels = config.blockOutChannels();
        Norm.Factory norms = (at, width) -> new Norm.Group(at, width, config.normNumGroups(), config.normEps());
        long in = channels.getFirst();
        CausalConv3d convIn = new CausalConv3d(weights.at("conv_in"), "conv_in", config.inChannels(), in);
        List<Level> levels = new ArrayList<>();
        for (int i = 0; i < channels.size(); i++) {
            long out = channels.get(i);
            Weights at = weights.at("down_blocks", i);
            Optional<Level.Resampler> downsampler = i == channels.size() - 1
                    ? Optional.empty()
                    : Optional.of(new Downsampler(at.at("downsamplers", 0), out, i < config.temporalLevels()));
            levels.add(Level.of(at, "down_block", i, in, out, config.layersPerBlock(), norms, downsampler));
            in = out;
        }
        levels.add(Level.middle(weights.at("mid_block"), in, norms));
        Norm last = new Norm.Group(weights.at("norm_out"), in, config.normNumGroups(), LAST_EPS);
        return new Coder(convIn, levels, last, convOut(weights, in, 2L * config.latentChannels()));
    }

    /// The decoder: from latents to frames, levels from coarse to fine.
    static Coder decoder(Weights weights, VaeConfig config) {
        List<Integer> channels = config.blockOutChannels().reversed();
        Norm.Factory norms =
                (at, width) -> new Norm.Spatial(at, width, config.latentChannels(), config.normNumGroups());
        long in = channels.getFirst();
        CausalConv3d convIn = new CausalConv3d(weights.at("conv_in"), "conv_in", config.latentChannels(), in);
        List<Level> levels = new ArrayList<>();
        levels.add(Level.middle(weights.at("mid_block"), in, norms));
        for (int i = 0; i < channels.size(); i++) {
            long out = channels.get(i);
            Weights at = weights.at("up_blocks", i);
            Optional<Level.Resampler> upsampler = i == channels.size() - 1
                    ? Optional.empty()
                    : Optional.of(new Upsampler(at.at("upsamplers", 0), out, i < config.temporalLevels()));
            levels.add(Level.of(at, "up_block", i, in, out, config.layersPerBlock() + 1, norms, upsampler));
            in = out;
        }
        Norm last = norms.norm(weights.at("norm_out"), in);
        return new Coder(convIn, levels, last, convOut(weights, in, config.outChannels()));
    }

    private static CausalConv3d convOut(Weights weights, long in, long out) {
        return new CausalConv3d(weights.at("conv_out"), "conv_out", in, out);
    }

    /// Codes the next chunk of a video.
    ///
    /// @param chunk `[frames, height, width, channels]`
    /// @param state what the chunks before it left
    /// @return the same layout, in memory of its own
    Tensor forward(Tensor chunk, CodingState state) {
        return Scoped.tensor(() -> {
            Tensor frames = first(chunk, state);
            for (Level level : levels) {
                frames = level.forward(frames, chunk, state);
            }
            return last(frames, chunk, state);
        });
    }

    private Tensor first(Tensor chunk, CodingState state) {
        Tensor frames =
                state.workspace().activation(chunk, chunk.size(0), chunk.size(1), chunk.size(2), convIn.outChannels());
        convIn.forward(LazyFrames.of(chunk), LazyFrames.ZEROS, frames, state);
        state.probe().see("conv_in", () -> frames);
        return frames;
    }

    private Tensor last(Tensor frames, Tensor latents, CodingState state) {
        NormalizedFrames normalized = normOut.over(frames, latents);
        state.probe().see("norm_out", () -> {
            Tensor whole = torch.empty_like(frames);
            normalized.write(0, whole, false);
            return whole;
        });
        Tensor output = torch.empty(
                new long[] {frames.size(0), frames.size(1), frames.size(2), convOut.outChannels()},
                frames.options(),
                null);
        convOut.forward(normalized, LazyFrames.ZEROS, output, state);
        return output;
    }
}
