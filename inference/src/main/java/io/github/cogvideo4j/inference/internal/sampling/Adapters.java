package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.lora.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.options.LoraChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Adapters added to a transformer's weights.
final class Adapters {
    private Adapters() {}

    /// The weights that adapters change, with these added.
    ///
    /// @param weights the transformer's weights
    /// @param loras   the adapters, in the order in which they are added
    static List<StoredTensor> fused(Path weights, List<LoraChoice> loras) throws IOException {
        if (loras.isEmpty()) {
            return List.of();
        }
        List<AppliedAdapter> adapters = new ArrayList<>();
        for (LoraChoice lora : loras) {
            adapters.add(new AppliedAdapter(LoraAdapter.open(lora.path()), lora.scale(), lora.alpha()));
        }
        return LoraFusion.fuse(Checkpoints.open(weights, SourceOptions.defaults()), adapters, true).entries().stream()
                .map(StateEntry::tensor)
                .toList();
    }
}
