package io.github.cogvideo4j.formats.internal.container;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/// The name of a file right inside a folder, as another file may give it: an index its shards, a manifest its
/// parts.
///
/// A plain name has no separator of any system, no drive letter or stream (`C:x`), no control character, and is
/// neither `.` nor `..`. So joined to a folder it stays inside that folder, on every system.
///
/// @param value the name
public record PlainFileName(String value) {
    /// Checks that the name is plain.
    ///
    /// @throws IllegalArgumentException when it is not; names from files go through [#of]
    public PlainFileName {
        if (!isPlain(value)) {
            throw new IllegalArgumentException("not a plain file name: " + value);
        }
    }

    /// The name, empty when it is not plain.
    public static Optional<PlainFileName> of(String name) {
        return isPlain(name) ? Optional.of(new PlainFileName(name)) : Optional.empty();
    }

    /// The file of this name in a folder.
    public Path in(Path folder) {
        return folder.resolve(value);
    }

    private static boolean isPlain(String name) {
        return !name.isBlank()
                && !name.equals(".")
                && !name.equals("..")
                && name.chars().noneMatch(PlainFileName::isForbidden)
                && isRepresentable(name);
    }

    private static boolean isForbidden(int character) {
        return character == '/' || character == '\\' || character == ':' || Character.isISOControl(character);
    }

    /// Whether this system's file names can hold it at all.
    private static boolean isRepresentable(String name) {
        try {
            return Path.of(name).getNameCount() == 1;
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
