package io.github.cogvideo4j.checkpoints.internal.staging;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// A complete file that is given its final name, unless another program has taken the name meanwhile.
public final class NewFile {
    private NewFile() {}

    /// Publishes a file.
    ///
    /// @param unfinished the file, on the same file system; it is gone afterwards
    /// @param target     the name that it gets
    /// @throws FileAlreadyExistsException when something is there
    public static void publish(Path unfinished, Path target) throws IOException {
        try {
            // Making a link fails where there is something; moving a file replaces it.
            Files.createLink(target, unfinished);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException noLinksHere) {
            reserve(unfinished, target);
            return;
        }
        Files.delete(unfinished);
    }

    /// Takes the name with an empty file first, which only one can.
    private static void reserve(Path unfinished, Path target) throws IOException {
        Files.createFile(target);
        boolean moved = false;
        try {
            Files.move(unfinished, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            moved = true;
        } finally {
            if (!moved) {
                Files.delete(target);
            }
        }
    }
}
