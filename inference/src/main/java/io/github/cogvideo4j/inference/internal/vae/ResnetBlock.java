package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// Norm, SiLU, convolution, twice, and the input added.
final class ResnetBlock {
    private final Norm norm1;
    private final CausalConv3d conv1;
    private final Norm norm2;
    private final CausalConv3d conv2;
    private final Optional<PointConv> shortcut;
    private final long out;

    /// @param name  what its convolutions' caches begin with
    /// @param norms makes the norm with these weights and this many channels
    ResnetBlock(Weights weights, String name, long in, long out, Norm.Factory norms) {
        this.norm1 = norms.norm(weights.at("norm1"), in);
        this.conv1 = new CausalConv3d(weights.at("conv1"), name + ".conv1", in, out);
        this.norm2 = norms.norm(weights.at("norm2"), out);
        this.conv2 = new CausalConv3d(weights.at("conv2"), name + ".conv2", out, out);
        this.shortcut = in == out ? Optional.empty() : Optional.of(new PointConv(weights.at("conv_shortcut"), in, out));
        this.out = out;
    }

    /// `[frames, height, width, in]` to `[frames, height, width, out]`, in memory of the workspace. The second
    /// convolution's result replaces its own input, slice by slice, and the block's input is added on the way.
    Tensor forward(Tensor input, Tensor latents, CodingState state) {
        return Scoped.tensor(() -> {
            Tensor hidden = state.workspace().activation(input, input.size(0), input.size(1), input.size(2), out);
            Scoped.run(() -> conv1.forward(norm1.over(input, latents), LazyFrames.ZEROS, hidden, state));
            Scoped.run(() -> conv2.forward(norm2.over(hidden, latents), shortcut(input), hidden, state));
            return hidden;
        });
    }

    private LazyFrames shortcut(Tensor input) {
        return shortcut.<LazyFrames>map(
                        conv -> (first, into) -> into.copy_(conv.forward(input.narrow(0, first, into.size(0)))))
                .orElseGet(() -> LazyFrames.of(input));
    }
}
