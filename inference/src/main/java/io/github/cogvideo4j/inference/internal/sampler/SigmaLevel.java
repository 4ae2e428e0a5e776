package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// What a sigma means for a sample of variance 1: all are fp32 scalars.
///
/// @param signal how much of the signal is in the sample, `1 / sqrt(sigma^2 + 1)`
/// @param noise  how much of the noise, `sigma` times that
/// @param lambda half the logarithm of the signal-to-noise ratio; infinite for a sigma of 0
record SigmaLevel(Tensor signal, Tensor noise, Tensor lambda) {
    static SigmaLevel of(float sigma) {
        return of(NoiseTable.scalar(sigma));
    }

    /// @param sigma of any shape and type
    static SigmaLevel of(Tensor sigma) {
        Tensor signal = width(sigma).reciprocal();
        Tensor noise = sigma.mul(signal);
        return new SigmaLevel(signal, noise, signal.log().sub(noise.log()));
    }

    /// `sqrt(sigma^2 + 1)`, the deviation of a sample in sigma space.
    static Tensor width(Tensor sigma) {
        return NoiseTable.root(variance(sigma));
    }

    /// `sigma^2 + 1`.
    static Tensor variance(Tensor sigma) {
        return sigma.pow(new Scalar(2)).add(new Scalar(1));
    }
}
