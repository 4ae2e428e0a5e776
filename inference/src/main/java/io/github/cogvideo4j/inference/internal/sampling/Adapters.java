package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Adapters added to a transformer's weights.
///
/// @param weights the weights that adapters change, with these added
/// @param warnings how much of each adapter was bound, with which alpha it is applied, and whether it is too
///                strong
record Adapters(List<StoredTensor> weights, List<Problem> warnings) {
    /// Copies the lists.
    Adapters {
        weights = List.copyOf(weights);
        warnings = List.copyOf(warnings);
    }

    /// Adds adapters to weights.
    ///
    /// @param weights the transformer's weights
    /// @param loras   the adapters, in the order in which they are added
    static Adapters fuse(Path weights, List<LoraChoice> loras) throws IOException {
        if (loras.isEmpty()) {
            return new Adapters(List.of(), List.of());
        }
        List<AppliedAdapter> adapters = new ArrayList<>();
        for (LoraChoice lora : loras) {
            adapters.add(new AppliedAdapter(LoraAdapter.open(lora.path()), lora.scale(), lora.alpha()));
        }
        Checkpoint base = Checkpoints.open(weights, SourceOptions.defaults());
        Checkpoint fused = LoraFusion.fuse(base, adapters, true);
        Warnings warnings = new Warnings();
        fused.warnings().stream()
                .filter(warning -> !base.warnings().contains(warning))
                .forEach(warnings::report);
        LoraFusion.strength(fused, Runtime.getRuntime().availableProcessors())
                .flatMap(strength -> strength.problem(loras.getFirst().path()))
                .ifPresent(warnings::report);
        return new Adapters(fused.entries().stream().map(StateEntry::tensor).toList(), warnings.all());
    }
}
