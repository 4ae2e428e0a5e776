package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The `config.json` in the folder of plain weights, which is how a component of a model lies on the disk.
final class SourceConfig {
    private SourceConfig() {}

    /// The file, when it is there and says that it is of the family.
    static Optional<Path> config(Checkpoint checkpoint, Family family) throws IOException {
        Path at = checkpoint.folder().toAbsolutePath();
        Path folder = Files.isDirectory(at) ? at : at.getParent();
        if (checkpoint.kind() != CheckpointKind.PLAIN_WEIGHTS || folder == null) {
            return Optional.empty();
        }
        Path config = folder.resolve("config.json");
        return Files.isRegularFile(config) && isOf(family, ConfigDocument.read(config))
                ? Optional.of(config)
                : Optional.empty();
    }

    /// The same of placed weights.
    static Optional<Path> config(PlacedComponent placed) throws IOException {
        return placed.family().isPresent()
                ? config(placed.checkpoint(), placed.family().get())
                : Optional.empty();
    }

    private static boolean isOf(Family family, ConfigDocument config) {
        return family.classes().contains(config.text("_class_name", ""))
                || family.modelTypes().contains(config.text("model_type", ""));
    }
}
