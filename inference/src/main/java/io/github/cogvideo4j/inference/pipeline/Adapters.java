package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.List;

/// Adapters added to a transformer's weights.
final class Adapters {
    private Adapters() {}

    /// The weights that adapters change, with these added.
    ///
    /// @param weights the transformer's weights
    /// @param loras   the adapters, in the order in which they are added
    static List<StoredTensor> fused(Path weights, List<LoraChoice> loras) {
        if (loras.isEmpty()) {
            return List.of();
        }
        throw new UnsupportedOperationException("adapters for " + weights);
    }
}
