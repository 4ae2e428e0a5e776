package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.internal.prediction.NoisePredictor;
import io.github.cogvideo4j.inference.internal.prediction.NoiseQuery;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Classifier-free guidance around a predictor: its negative and positive rows become one prediction in fp32.
///
/// @param rows     predicts the rows
/// @param guidance how they are brought together
record GuidedPredictor(NoisePredictor rows, Guidance guidance) implements NoisePredictor {
    @Override
    public Tensor predict(NoiseQuery query) {
        return Scoped.tensor(() -> guidance.combine(rows.predict(query).to(ScalarType.Float), query.timestep()));
    }
}
