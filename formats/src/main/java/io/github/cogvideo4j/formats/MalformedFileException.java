package io.github.cogvideo4j.formats;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// A file that breaks its own format: cut short, sizes that do not fit, invalid syntax.
public final class MalformedFileException extends FormatException {
    /// An exception for a problem already described.
    public MalformedFileException(Problem problem) {
        super(problem);
    }

    /// An exception from a problem's parts.
    public MalformedFileException(ProblemCode code, Place place, String key, Object... arguments) {
        this(Problem.of(code, place, key, arguments));
    }
}
