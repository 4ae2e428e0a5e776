package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/// The manifest of an adapter. It lies beside the adapter's file, whose folder may hold others:
/// `both.cogvideo4j.json` is that of `both.safetensors`.
///
/// @param file     the adapter's file
/// @param manifest what it was made of
public record AdapterManifest(Path file, Manifest manifest) {
    private static final String ENDING = ".safetensors";

    /// Where the manifest of an adapter's file is.
    public static Path beside(Path file) {
        String name = String.valueOf(file.getFileName());
        String stem = name.endsWith(ENDING) ? name.substring(0, name.length() - ENDING.length()) : name;
        return file.resolveSibling(stem + "." + Manifest.FILE_NAME);
    }

    /// The manifest of an adapter that is named by its file, or by a folder that was made for it. A folder with a
    /// manifest of its own is a model.
    public static Optional<AdapterManifest> find(Path path) throws IOException {
        boolean folder = Files.isDirectory(path);
        if (folder && Files.isRegularFile(path.resolve(Manifest.FILE_NAME))) {
            return Optional.empty();
        }
        Path file = folder ? path.resolve(WeightFileName.ADAPTER) : path;
        Path manifest = beside(file);
        return Files.isRegularFile(manifest, LinkOption.NOFOLLOW_LINKS)
                ? Optional.of(new AdapterManifest(file, ManifestJson.readFile(manifest)))
                : Optional.empty();
    }

    /// The folder that the manifest's paths are in.
    public Path folder() {
        return file.resolveSibling("");
    }
}
