package io.github.cogvideo4j.checkpoints;

import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Problem;

/// A job on a checkpoint that cannot be done. Damaged or hostile files are answered with a
/// [io.github.cogvideo4j.formats.FormatException], failures of the disk with an [java.io.IOException].
public abstract sealed class CheckpointException extends RuntimeException implements CarriesProblem
        permits InvalidCheckpointException, InvalidRequestException, OutputException, CancelledException {
    private final transient Problem problem;

    CheckpointException(Problem problem) {
        super(problem.code().id() + ": " + problem.message().text());
        this.problem = problem;
    }

    CheckpointException(Problem problem, Throwable cause) {
        super(problem.code().id() + ": " + problem.message().text(), cause);
        this.problem = problem;
    }

    @Override
    public Problem problem() {
        return problem;
    }
}
