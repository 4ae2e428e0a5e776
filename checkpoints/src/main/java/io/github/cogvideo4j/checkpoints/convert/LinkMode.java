package io.github.cogvideo4j.checkpoints.convert;

import java.util.Locale;

/// How the base model's other weight files come into the new folder. Small files are always copied.
public enum LinkMode {
    /// A hard link where the file system allows, else a copy.
    AUTO,
    /// A hard link, or an error.
    HARD,
    /// A symbolic link to the file itself.
    SYMLINK,
    /// A copy of the bytes.
    COPY;

    /// The word of the command line.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
