package io.github.cogvideo4j.inference;

import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// The failure of a machine that lacks something: a native library, a device, a video encoder, memory.
public final class MissingCapabilityException extends InferenceException {
    /// An exception for a problem already described.
    public MissingCapabilityException(Problem problem) {
        super(problem);
    }

    /// An exception for a problem already described, with what it came from.
    public MissingCapabilityException(Problem problem, Throwable cause) {
        super(problem, cause);
    }

    /// An exception from a problem's parts.
    public MissingCapabilityException(ProblemCode code, Place place, String key, Object... arguments) {
        super(Problem.of(code, place, key, arguments));
    }

    /// An exception from a problem's parts, with what it came from.
    public MissingCapabilityException(Throwable cause, ProblemCode code, Place place, String key, Object... arguments) {
        super(Problem.of(code, place, key, arguments), cause);
    }

    @Override
    public Category category() {
        return Category.ENVIRONMENT;
    }
}
