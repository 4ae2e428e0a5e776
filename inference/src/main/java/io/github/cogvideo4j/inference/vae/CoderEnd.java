package io.github.cogvideo4j.inference.vae;

import io.github.cogvideo4j.inference.runtime.Scoped;
import io.github.cogvideo4j.inference.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// What encoder and decoder end with: norm, SiLU, convolution.
final class CoderEnd {
    private final Norm norm;
    private final CausalConv3d conv;
    private final long out;

    CoderEnd(Weights weights, Norm norm, long in, long out) {
        this.norm = norm;
        this.conv = new CausalConv3d(weights.at("conv_out"), "conv_out", in, out);
        this.out = out;
    }

    Tensor forward(Tensor hidden, Tensor latents, ConvCaches caches, Probe probe) {
        return Scoped.tensor(() -> {
            NormalizedFrames normalized = norm.over(hidden, latents);
            probe.see("norm_out", () -> {
                Tensor whole = torch.empty_like(hidden);
                normalized.write(0, whole, false);
                return whole;
            });
            return convolved(conv, normalized, hidden, out, caches);
        });
    }

    /// A convolution's whole result.
    static Tensor convolved(CausalConv3d conv, FrameSource input, Tensor like, long out, ConvCaches caches) {
        Tensor output = torch.empty(new long[] {like.size(0), like.size(1), like.size(2), out}, like.options(), null);
        conv.forward(
                input,
                like,
                caches,
                (first, frames) -> output.narrow(0, first, frames.size(0)).copy_(frames));
        return output;
    }
}
