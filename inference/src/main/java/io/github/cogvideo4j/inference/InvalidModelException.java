package io.github.cogvideo4j.inference;

import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// The failure of a model that cannot be used: a component is missing, a weight does not fit its configuration, an
/// adapter belongs to another model, or its numbers overflow in the precision that was asked for.
public final class InvalidModelException extends InferenceException {
    /// An exception for a problem already described.
    public InvalidModelException(Problem problem) {
        super(problem);
    }

    /// An exception from a problem's parts.
    public InvalidModelException(ProblemCode code, Place place, String key, Object... arguments) {
        super(Problem.of(code, place, key, arguments));
    }

    /// An exception from a problem's parts, with what it came from.
    public InvalidModelException(Throwable cause, ProblemCode code, Place place, String key, Object... arguments) {
        super(Problem.of(code, place, key, arguments), cause);
    }

    @Override
    public Category category() {
        return Category.INPUT;
    }
}
