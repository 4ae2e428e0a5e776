package io.github.cogvideo4j.formats.problem;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/// The place of a problem: a file or folder, a byte in it, a tensor. Any of them may be unknown.
///
/// @param file   the file or folder
/// @param offset the byte offset in the file
/// @param tensor the tensor's name
public record Place(Optional<Path> file, OptionalLong offset, Optional<String> tensor) {
    private static final Place NOWHERE = new Place(Optional.empty(), OptionalLong.empty(), Optional.empty());

    /// No place at all: the problem is not in a file.
    public static Place nowhere() {
        return NOWHERE;
    }

    /// A file or a folder as a whole.
    public static Place of(Path file) {
        return new Place(Optional.of(file), OptionalLong.empty(), Optional.empty());
    }

    /// A byte in a file.
    public static Place at(Path file, long offset) {
        return new Place(Optional.of(file), OptionalLong.of(offset), Optional.empty());
    }

    /// The same place, with the tensor that is concerned.
    public Place tensor(String name) {
        return new Place(file, offset, Optional.of(name));
    }

    /// The same place, with the byte offset.
    public Place offset(long bytes) {
        return new Place(file, OptionalLong.of(bytes), tensor);
    }
}
