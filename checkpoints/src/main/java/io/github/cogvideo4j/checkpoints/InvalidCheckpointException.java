package io.github.cogvideo4j.checkpoints;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// A checkpoint that cannot be used: a part is missing, parts do not belong together, the weights do not fit the
/// configuration.
public final class InvalidCheckpointException extends CheckpointException {
    /// An exception for a problem already described.
    public InvalidCheckpointException(Problem problem) {
        super(problem);
    }

    /// An exception from a problem's parts.
    public InvalidCheckpointException(ProblemCode code, Place place, String key, Object... arguments) {
        this(Problem.of(code, place, key, arguments));
    }
}
