package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// What encoder and decoder end with: norm, SiLU, convolution.
final class CoderEnd {
    private final Norm norm;
    private final CausalConv3d conv;

    CoderEnd(Weights weights, Norm norm, long in, long out) {
        this.norm = norm;
        this.conv = new CausalConv3d(weights.at("conv_out"), "conv_out", in, out);
    }

    /// `[frames, height, width, channels]` to memory of its own, `[frames, height, width, out]`.
    Tensor forward(Tensor hidden, Tensor latents, Pass pass) {
        return Scoped.tensor(() -> {
            NormalizedFrames normalized = norm.over(hidden, latents);
            pass.probe().see("norm_out", () -> {
                Tensor whole = torch.empty_like(hidden);
                normalized.write(0, whole, false);
                return whole;
            });
            Tensor output = torch.empty(
                    new long[] {hidden.size(0), hidden.size(1), hidden.size(2), conv.outChannels()},
                    hidden.options(),
                    null);
            conv.forward(normalized, FrameSource.ZEROS, output, pass);
            return output;
        });
    }
}
