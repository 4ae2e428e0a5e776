package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The `config.json` in the folder of plain weights, which is how a component of a model lies on the disk.
final class BesideSource {
    private BesideSource() {}

    /// The file, when it is there and says that it is of the component.
    static Optional<Path> config(Checkpoint checkpoint, Component component) throws IOException {
        Path at = checkpoint.folder().toAbsolutePath();
        Path folder = Files.isDirectory(at) ? at : at.getParent();
        if (checkpoint.kind() != CheckpointKind.PLAIN_WEIGHTS || folder == null) {
            return Optional.empty();
        }
        Path config = folder.resolve("config.json");
        return Files.isRegularFile(config) && isOf(component, ConfigDocument.read(config))
                ? Optional.of(config)
                : Optional.empty();
    }

    private static boolean isOf(Component component, ConfigDocument config) {
        return switch (component) {
            case TRANSFORMER -> config.text("_class_name", "").contains("Transformer");
            case VAE -> config.text("_class_name", "").contains("Autoencoder");
            case TEXT_ENCODER -> config.text("model_type", "").equals("t5");
        };
    }
}
