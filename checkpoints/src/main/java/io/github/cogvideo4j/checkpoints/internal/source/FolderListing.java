package io.github.cogvideo4j.checkpoints.internal.source;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;

/// The files right inside a folder, as the readers of checkpoints look for them.
public final class FolderListing {
    private FolderListing() {}

    /// Whether a folder has a file that fits.
    ///
    /// @param folder the folder
    /// @param glob   a pattern of names, which spares asking about the others
    /// @param fits   what the file must be
    public static boolean has(Path folder, String glob, Predicate<Path> fits) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
            for (Path file : files) {
                if (fits.test(file)) {
                    return true;
                }
            }
            return false;
        }
    }
}
