package io.github.cogvideo4j.checkpoints.internal.doctor.support;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Configurations that other rules refer to; one that is not sound is the business of its own rule.
public final class Configurations {
    private Configurations() {}

    /// The transformer's.
    public static Optional<TransformerConfig> transformer(Subject subject) throws IOException {
        Optional<Path> file =
                subject.transformer().flatMap(ComponentFolder::config).filter(Files::isReadable);
        if (file.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(TransformerConfig.read(file.get()));
        } catch (FormatException | CheckpointException unreadable) {
            return Optional.empty();
        }
    }

    /// Any other one.
    public static Optional<ConfigDocument> document(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(ConfigDocument.read(file));
        } catch (FormatException | CheckpointException unreadable) {
            return Optional.empty();
        }
    }
}
