package io.github.cogvideo4j.checkpoints.doctor.repair;

import io.github.cogvideo4j.checkpoints.convert.FolderSync;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/// Renames inside a folder that never replace anything and are on the disk when they return.
final class Renames {
    private Renames() {}

    /// Renames a file.
    ///
    /// @throws java.nio.file.FileAlreadyExistsException when something is at the target
    static void move(Path root, String from, String to) throws IOException {
        Path source = SafePaths.inside(root, from);
        Path target = SafePaths.inside(root, to);
        Path parent = Objects.requireNonNull(target.getParent(), "a file in a folder has a parent");
        Files.createDirectories(parent);
        Files.move(source, target);
        FolderSync.syncFolder(parent);
        FolderSync.syncFolder(Objects.requireNonNull(source.getParent(), "a file in a folder has a parent"));
    }
}
