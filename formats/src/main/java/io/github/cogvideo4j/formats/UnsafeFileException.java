package io.github.cogvideo4j.formats;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// A file that tries something that no weights file needs: running code, leaving its folder, exhausting memory.
public final class UnsafeFileException extends FormatException {
    /// An exception for a problem already described.
    public UnsafeFileException(Problem problem) {
        super(problem);
    }

    /// An exception from a problem's parts.
    public UnsafeFileException(ProblemCode code, Place place, String key, Object... arguments) {
        this(Problem.of(code, place, key, arguments));
    }
}
