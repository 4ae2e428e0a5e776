package io.github.cogvideo4j.checkpoints.internal.staging;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/// A failed write with the name of its file: a channel says only what went wrong, such as a full disk.
public final class NamedFailure {
    private NamedFailure() {}

    /// Something that writes a file.
    @FunctionalInterface
    public interface Writing<T> {
        /// Writes.
        T write() throws IOException;
    }

    /// Writes, and names the file where that fails.
    ///
    /// @param file as the user knows it, which may not be what it is called while it is written
    public static <T> T naming(Path file, Writing<T> writing) throws IOException {
        try {
            return writing.write();
        } catch (IOException e) {
            throw of(file, e);
        }
    }

    /// The failure with the file's name, unless it is of a kind that says more already.
    public static IOException of(Path file, IOException e) {
        if (e.getClass() != IOException.class) {
            return e;
        }
        IOException named = new FileSystemException(file.toString(), null, e.getMessage());
        named.initCause(e);
        return named;
    }
}
