package io.github.cogvideo4j.inference.internal.scheduler;

import static io.github.cogvideo4j.inference.internal.scheduler.NoiseTable.root;

import org.bytedeco.pytorch.Tensor;

/// The sample without its noise, as a prediction tells it.
final class Denoised {
    private Denoised() {}

    /// @param alpha the share of the signal's variance, a scalar
    /// @param beta  `1 - alpha`
    static Tensor from(PredictionType type, Tensor prediction, Tensor sample, Tensor alpha, Tensor beta) {
        return switch (type) {
            case EPSILON -> sample.sub(root(beta).mul(prediction)).div(root(alpha));
            case SAMPLE -> prediction;
            case V_PREDICTION -> root(alpha).mul(sample).sub(root(beta).mul(prediction));
        };
    }
}
