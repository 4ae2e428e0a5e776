package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.placement.ComponentPlacement;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// What a conversion would make of a checkpoint's names: which model has them, what stands before them, and which
/// tensors are none of the model's. None of this is an error.
public final class CheckpointModelRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(
                ProblemCode.KEY_PREFIX,
                ProblemCode.CHOICE,
                ProblemCode.EXTRA_TENSOR,
                ProblemCode.UNKNOWN_NAMES,
                ProblemCode.WRONG_COMPONENT);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        if (subject.checkpoint().isEmpty()) {
            return;
        }
        Checkpoint checkpoint = subject.checkpoint().get();
        Warnings warnings = new Warnings();
        try {
            for (PlacedComponent placed :
                    ComponentPlacement.of(checkpoint, Optional.empty(), Optional.empty(), false, warnings)) {
                tell(placed, checkpoint, found);
            }
        } catch (InvalidCheckpointException e) {
            found.accept(Finding.of(Severity.INFO, e.problem()));
        }
        warnings.all().stream()
                .filter(warning -> warning.code() != ProblemCode.KEY_PREFIX)
                .forEach(warning -> found.accept(Finding.of(Severity.INFO, warning)));
    }

    private static void tell(PlacedComponent placed, Checkpoint checkpoint, Consumer<Finding> found) {
        Place place = Place.of(checkpoint.folder());
        String wrapper = placed.names().removed();
        if (!wrapper.isEmpty()) {
            found.accept(Finding.of(
                    Severity.INFO,
                    Problem.of(
                            ProblemCode.KEY_PREFIX,
                            place,
                            "checkpoints.doctor.wrapper",
                            wrapper,
                            placed.checkpoint().entries().size())));
        }
        InputChannelsRule.ofWeights(placed).ifPresent(found);
    }
}
