package io.github.cogvideo4j.inference.vae;

import io.github.cogvideo4j.inference.runtime.Scoped;
import io.github.cogvideo4j.inference.weights.Weights;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Norm, SiLU, convolution, twice, and the input added.
final class ResnetBlock {
    private final Norm norm1;
    private final CausalConv3d conv1;
    private final Norm norm2;
    private final CausalConv3d conv2;
    private final Optional<PointConv> shortcut;
    private final long out;

    /// @param name  what its convolutions' caches begin with
    /// @param norms makes the norm that has these weights and so many channels
    ResnetBlock(Weights weights, String name, long in, long out, NormFactory norms) {
        this.norm1 = norms.norm(weights.at("norm1"), in);
        this.conv1 = new CausalConv3d(weights.at("conv1"), name + ".conv1", in, out);
        this.norm2 = norms.norm(weights.at("norm2"), out);
        this.conv2 = new CausalConv3d(weights.at("conv2"), name + ".conv2", out, out);
        this.shortcut = in == out ? Optional.empty() : Optional.of(new PointConv(weights.at("conv_shortcut"), in, out));
        this.out = out;
    }

    /// Makes an encoder's or a decoder's norms.
    @FunctionalInterface
    interface NormFactory {
        Norm norm(Weights weights, long channels);
    }

    /// `[frames, height, width, in]` to `[frames, height, width, out]`. At any time there are the input, one
    /// tensor of the output's size, and a slice: the second convolution's result replaces its own input,
    /// frame by frame.
    Tensor forward(Tensor input, Tensor latents, ConvCaches caches) {
        return Scoped.tensor(() -> {
            Tensor hidden =
                    torch.empty(new long[] {input.size(0), input.size(1), input.size(2), out}, input.options(), null);
            Scoped.run(() -> conv1.forward(
                    norm1.over(input, latents),
                    input,
                    caches,
                    (first, frames) -> hidden.narrow(0, first, frames.size(0)).copy_(frames)));
            Scoped.run(() -> conv2.forward(norm2.over(hidden, latents), hidden, caches, (first, frames) -> {
                Tensor before = input.narrow(0, first, frames.size(0));
                Tensor added = shortcut.map(conv -> conv.forward(before)).orElse(before);
                torch.add_out(hidden.narrow(0, first, frames.size(0)), frames, added);
            }));
            return hidden;
        });
    }
}
