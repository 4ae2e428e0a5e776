package io.github.cogvideo4j.inference.internal.scheduler;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// The noise level of a sigma for a sample of variance 1, as fp32 scalars.
///
/// @param signal the share of the signal in the sample, `1 / sqrt(sigma^2 + 1)`
/// @param noise  the share of the noise, `sigma` times that
/// @param lambda half the logarithm of the signal-to-noise ratio; infinite for a sigma of 0
public record SigmaLevel(Tensor signal, Tensor noise, Tensor lambda) {
    /// The level of a sigma that is a number.
    public static SigmaLevel of(float sigma) {
        return of(NoiseTable.scalar(sigma));
    }

    /// The level of sigmas in a tensor.
    ///
    /// @param sigma of any shape and type
    public static SigmaLevel of(Tensor sigma) {
        Tensor signal = width(sigma).reciprocal();
        Tensor noise = sigma.mul(signal);
        return new SigmaLevel(signal, noise, signal.log().sub(noise.log()));
    }

    /// `sqrt(sigma^2 + 1)`, the deviation of a sample in sigma space.
    public static Tensor width(Tensor sigma) {
        return NoiseTable.root(variance(sigma));
    }

    /// `sigma^2 + 1`.
    public static Tensor variance(Tensor sigma) {
        return sigma.pow(new Scalar(2)).add(new Scalar(1));
    }
}
