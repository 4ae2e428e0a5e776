package io.github.cogvideo4j.checkpoints.internal.doctor.support;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Configurations that other rules refer to; one that is not sound is the business of its own rule.
public final class ConfigFiles {
    /// The reader of `families.json` for CogVideoX's transformers.
    public static final String TRANSFORMER = "cogvideox-transformer";

    private ConfigFiles() {}

    /// CogVideoX's transformer's.
    public static Optional<TransformerConfig> transformer(Subject subject) throws IOException {
        for (Part part : subject.parts()) {
            if (part.isReadBy(TRANSFORMER)) {
                return transformer(part);
            }
        }
        return Optional.empty();
    }

    /// The configuration of a component that has such a one.
    public static Optional<TransformerConfig> transformer(Part part) throws IOException {
        Optional<Path> file = part.files().config().filter(Files::isReadable);
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
