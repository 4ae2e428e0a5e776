package io.github.cogvideo4j.inference;

import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Problem;

/// The failure of an inference: a video that cannot be made. Damaged weight files are answered with a
/// [io.github.cogvideo4j.formats.FormatException], failures of the disk with an [java.io.IOException].
public abstract sealed class InferenceException extends RuntimeException implements CarriesProblem
        permits InvalidModelException, MissingCapabilityException {
    private final transient Problem problem;

    InferenceException(Problem problem) {
        super(problem.code().id() + ": " + problem.message().text());
        this.problem = problem;
    }

    InferenceException(Problem problem, Throwable cause) {
        super(problem.code().id() + ": " + problem.message().text(), cause);
        this.problem = problem;
    }

    @Override
    public Problem problem() {
        return problem;
    }
}
