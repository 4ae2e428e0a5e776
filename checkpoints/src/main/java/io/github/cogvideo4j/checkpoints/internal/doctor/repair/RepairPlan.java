package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;
import java.util.List;

/// What a repair will do, to be shown before it is done.
///
/// @param root      the folder that is mended
/// @param steps     in order
/// @param questions what has to be decided by the user, and with which option; what is not mended and why
public record RepairPlan(Path root, List<Step> steps, List<Problem> questions) {
    /// Copies the lists.
    public RepairPlan {
        steps = List.copyOf(steps);
        questions = List.copyOf(questions);
    }

    /// Whether there is nothing to do.
    public boolean isEmpty() {
        return steps.isEmpty();
    }
}
