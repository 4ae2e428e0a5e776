package io.github.cogvideo4j.checkpoints;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// A result that cannot be put where it was asked for: something else is there, or there is no room.
public final class OutputException extends CheckpointException {
    /// An exception for a problem already described.
    public OutputException(Problem problem) {
        super(problem);
    }

    /// An exception from a problem's parts.
    public OutputException(ProblemCode code, Place place, String key, Object... arguments) {
        this(Problem.of(code, place, key, arguments));
    }
}
