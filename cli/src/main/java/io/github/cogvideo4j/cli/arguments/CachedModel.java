package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.layout.HubCache;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// A model that may be named by its path or by its name in the local Hugging Face cache.
public final class CachedModel {
    private CachedModel() {}

    /// A path, or a model of the local cache where there is no such path.
    public static Path locate(String argument) throws IOException {
        Path given = Path.of(argument);
        return Files.exists(given) || !HubCache.isIdentifier(argument)
                ? given
                : ModelFolder.locate(argument, Map.copyOf(System.getenv()));
    }
}
