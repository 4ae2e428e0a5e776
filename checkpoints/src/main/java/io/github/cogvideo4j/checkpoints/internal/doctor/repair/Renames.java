package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.checkpoints.internal.staging.FolderSync;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/// Renames inside a folder that never replace anything and are on the disk when they return. Folders that they
/// need are made, and those that they empty are removed.
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
        Path origin = Objects.requireNonNull(source.getParent(), "a file in a folder has a parent");
        FolderSync.syncFolder(origin);
        removeEmptied(root, origin);
    }

    /// A folder that the move emptied would still pass for a checkpoint by its name. Moving back makes it
    /// again.
    private static void removeEmptied(Path root, Path folder) throws IOException {
        for (Path empty = folder; empty != null && !empty.equals(root); empty = empty.getParent()) {
            try (Stream<Path> children = Files.list(empty)) {
                if (children.findAny().isPresent()) {
                    return;
                }
            }
            Files.delete(empty);
        }
    }
}
