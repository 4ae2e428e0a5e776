package io.github.cogvideo4j.inference.internal.prediction;

import org.bytedeco.pytorch.Tensor;

/// A predictor of noise, which a sampler asks: the transformer, guidance around it, windows around both. One object
/// serves one run, whose calls come in order.
@FunctionalInterface
public interface NoisePredictor {
    /// The prediction for noisy latents. It belongs to the current scope.
    ///
    /// @return `[rows, frames, channels, height, width]`: one row for each of the text's, or for each of the
    /// latents where guidance has brought the negative and the positive ones together
    Tensor predict(NoiseQuery query);
}
