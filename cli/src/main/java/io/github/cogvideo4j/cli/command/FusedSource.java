package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.lora.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.verify.Counterpart;
import io.github.cogvideo4j.cli.arguments.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// What a fused model is compared with: its base and its adapters, fused again.
final class FusedSource {
    private FusedSource() {}

    /// Opens it. Scales and alphas are those of the manifest; the files are those that the user names, as a
    /// manifest is no reason to open a file.
    ///
    /// @param folder   the fused model
    /// @param base     the base model
    /// @param recorded the adapters as the manifest has them
    /// @param given    the adapters' files, in the same order
    static Checkpoint open(Path folder, Path base, List<Manifest.Adapter> recorded, List<Path> given)
            throws IOException {
        if (given.size() != recorded.size()) {
            throw new UsageException(
                    "cli.verify.fused",
                    folder,
                    recorded.size(),
                    recorded.stream().map(Manifest.Adapter::path).collect(Collectors.joining(", ")));
        }
        List<AppliedAdapter> adapters = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            Manifest.Adapter known = recorded.get(i);
            adapters.add(new AppliedAdapter(LoraAdapter.open(given.get(i)), known.scale(), known.alpha()));
        }
        Checkpoint weights =
                Checkpoints.open(Counterpart.weightsOf(base, Component.TRANSFORMER), SourceOptions.defaults());
        return LoraFusion.fuse(weights, adapters, false);
    }
}
