package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.internal.prediction.NoisePredictor;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.scheduler.DynamicGuidance;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Classifier-free guidance: how far the prediction is carried beyond the one without the prompt.
///
/// @param scale   the guidance scale; there is none at 1 or below
/// @param dynamic whether it grows as the noise shrinks
/// @param steps   the number of steps, for the dynamic kind
public record Guidance(double scale, boolean dynamic, int steps) {
    /// More than ten times what models are used with.
    private static final double STRONG = 100;

    /// Whether guidance is applied: a batch of `[negative, positive]` instead of the prompts alone.
    boolean isOn() {
        return scale > 1;
    }

    /// Whether overflowing latents are blamed on the guidance rather than on the weights.
    boolean isStrong() {
        return scale > STRONG;
    }

    /// The scale at a timestep.
    public double at(double timestep) {
        return dynamic ? DynamicGuidance.at(scale, steps, timestep) : scale;
    }

    /// A predictor whose negative and positive rows become one prediction in fp32.
    ///
    /// @param rows predicts the rows
    NoisePredictor around(NoisePredictor rows) {
        return query -> Scoped.tensor(() -> combine(rows.predict(query).to(ScalarType.Float), query.timestep()));
    }

    /// The guided prediction, `negative + scale (positive - negative)`, in fp32.
    ///
    /// @param prediction fp32 `[negative and positive, ...]`, or `[positive, ...]` without guidance
    Tensor combine(Tensor prediction, double timestep) {
        if (!isOn()) {
            return prediction;
        }
        long half = prediction.size(0) / 2;
        Tensor negative = prediction.narrow(0, 0, half);
        Tensor positive = prediction.narrow(0, half, half);
        return negative.add(positive.sub(negative).mul(new Scalar(at(timestep))));
    }
}
