package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// The normal distribution of latents that a video is encoded to. The tensors belong to whoever asked for it.
///
/// @param mean   `[batch, latent channels, latent frames, height, width]`
/// @param logvar logarithm of the variance, in the same shape, within -30 to 20
public record Posterior(Tensor mean, Tensor logvar) {
    private static final double LEAST_LOGVAR = -30;
    private static final double MOST_LOGVAR = 20;

    /// From what the encoder gives: means, then logarithms, along the channels.
    static Posterior of(Tensor parameters) {
        long channels = parameters.size(1) / 2;
        return new Posterior(
                parameters.narrow(1, 0, channels).contiguous(),
                parameters
                        .narrow(1, channels, channels)
                        .clamp(
                                new ScalarOptional(new Scalar(LEAST_LOGVAR)),
                                new ScalarOptional(new Scalar(MOST_LOGVAR))));
    }

    /// The likeliest latents.
    public Tensor mode() {
        return mean;
    }

    /// Latents drawn from it. The noise is drawn on the CPU in the latents' type, as the reference draws it,
    /// so that a seed means the same latents on every device.
    public Tensor sample(Generator generator) {
        try (var _ = Torch.inferenceMode()) {
            return Scoped.tensor(() -> {
                Tensor noise = torch.randn(
                                mean.shape(), new GeneratorOptional(generator), new TensorOptions(mean.scalar_type()))
                        .to(mean.device(), mean.scalar_type().intern());
                return mean.add(logvar.mul(new Scalar(0.5)).exp_().mul_(noise));
            });
        }
    }
}
