package io.github.cogvideo4j.inference.internal.scheduler;

import org.bytedeco.pytorch.Tensor;

/// The sample and its noise apart, as a prediction tells them.
public final class Denoised {
    private Denoised() {}

    /// The sample without its noise.
    ///
    /// @param signal how much of the signal is in the sample: the square root of its share of the variance
    /// @param noise  the same of the noise
    public static Tensor from(PredictionType type, Tensor prediction, Tensor sample, Tensor signal, Tensor noise) {
        return switch (type) {
            case EPSILON -> sample.sub(noise.mul(prediction)).div(signal);
            case SAMPLE -> prediction;
            case V_PREDICTION -> signal.mul(sample).sub(noise.mul(prediction));
        };
    }

    /// The noise without the sample.
    public static Tensor noise(PredictionType type, Tensor prediction, Tensor sample, Tensor signal, Tensor noise) {
        return switch (type) {
            case EPSILON -> prediction;
            case SAMPLE -> sample.sub(signal.mul(prediction)).div(noise);
            case V_PREDICTION -> signal.mul(prediction).add(noise.mul(sample));
        };
    }
}
