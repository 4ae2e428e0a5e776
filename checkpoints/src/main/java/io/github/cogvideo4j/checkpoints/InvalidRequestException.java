package io.github.cogvideo4j.checkpoints;

import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// A request that cannot be carried out as it stands: fields that contradict each other, a size that the model cannot
/// make, an image or a video that cannot be read.
public final class InvalidRequestException extends CheckpointException {
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

    /// A device that no machine has is a mistake in the request, not a lack of this machine.
    @Override
    public Category category() {
        return problem().code() == ProblemCode.DEVICE
                ? Category.USAGE
                : problem().code().category();
    }
}
