package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;

/// The run that a step cache is for.
///
/// @param calls  how often the sampler will ask for a prediction
/// @param guided whether each prediction has negative rows before the positive ones
/// @param config the transformer's configuration
public record CacheRun(int calls, boolean guided, TransformerConfig config) {
    void requireGuidance(String cache) {
        if (!guided) {
            throw CacheValues.problem("inference.cache.needs-guidance", cache);
        }
    }
}
