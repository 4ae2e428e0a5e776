package io.github.cogvideo4j.formats;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// A valid file that holds something that cannot be turned into plain tensors here.
public final class UnsupportedFileException extends FormatException {
    /// An exception for a problem already described.
    public UnsupportedFileException(Problem problem) {
        super(problem);
    }

    /// An exception from a problem's parts.
    public UnsupportedFileException(ProblemCode code, Place place, String key, Object... arguments) {
        this(Problem.of(code, place, key, arguments));
    }
}
