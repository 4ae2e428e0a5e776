package io.github.cogvideo4j.inference;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// What was asked for cannot be computed with this model: a size, a number of frames, an image or a video that
/// cannot be read.
public final class InvalidRequestException extends InferenceException {
    /// An exception for a problem already described.
    public InvalidRequestException(Problem problem) {
        super(problem);
    }

    /// An exception from a problem's parts.
    public InvalidRequestException(ProblemCode code, Place place, String key, Object... arguments) {
        super(Problem.of(code, place, key, arguments));
    }

    /// An exception from a problem's parts, with what it came from.
    public InvalidRequestException(Throwable cause, ProblemCode code, Place place, String key, Object... arguments) {
        super(Problem.of(code, place, key, arguments), cause);
    }
}
