package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// The files below a folder and their identities. Links are not followed.
public final class RunFiles {
    private RunFiles() {}

    /// All regular files, as they are now.
    public static SortedMap<Path, FileIdentity> of(Path folder) throws IOException {
        SortedMap<Path, FileIdentity> files = new TreeMap<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    files.put(file, FileIdentity.of(file));
                }
                return FileVisitResult.CONTINUE;
            }

            // A trainer that writes renames and removes.
            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }
        });
        return files;
    }

    /// A file that is new, gone or changed.
    public static Optional<Path> changed(Map<Path, FileIdentity> before, Map<Path, FileIdentity> after) {
        for (Map.Entry<Path, FileIdentity> file : before.entrySet()) {
            if (!file.getValue().equals(after.get(file.getKey()))) {
                return Optional.of(file.getKey());
            }
        }
        return after.keySet().stream().filter(file -> !before.containsKey(file)).findFirst();
    }
}
