package io.github.cogvideo4j.checkpoints;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// The end of a job that was asked to stop. Nothing of its result is left.
public final class CancelledException extends CheckpointException {
    /// An exception for a job that was asked to stop.
    public CancelledException() {
        super(Problem.of(ProblemCode.CANCELLED, Place.nowhere(), "checkpoints.job.cancelled"));
    }
}
