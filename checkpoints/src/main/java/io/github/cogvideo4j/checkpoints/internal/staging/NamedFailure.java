package io.github.cogvideo4j.checkpoints.internal.staging;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/// A failed write with the name of its file: a channel says only what went wrong, such as a full disk.
public final class NamedFailure {
    private NamedFailure() {}

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
