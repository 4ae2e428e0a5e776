package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.table.StateParts;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.List;

/// The averaged (EMA) copy in a state dict that also has the trained weights, told by what stands before its names:
/// `ema.`, `net_ema.`, `state.ema_model.`.
public final class AveragedWeights {
    /// Deeper words are a model's own.
    private static final int DEEPEST = 3;

    private AveragedWeights() {}

    /// The checkpoint with the averaged copy alone.
    ///
    /// @throws InvalidCheckpointException `missing-tensor` when there is none
    public static Checkpoint of(Checkpoint checkpoint) {
        List<StateEntry> averaged = checkpoint.entries().stream()
                .filter(entry -> StateParts.isAveraged(beginning(entry.name())))
                .toList();
        Place place = Place.of(checkpoint.folder());
        if (averaged.isEmpty()) {
            throw new InvalidCheckpointException(ProblemCode.MISSING_TENSOR, place, "checkpoints.location.no-average");
        }
        return checkpoint
                .withEntries(averaged)
                .withWarnings(List.of(Problem.of(
                        ProblemCode.CHOICE,
                        place,
                        "checkpoints.location.average-chosen",
                        averaged.size(),
                        checkpoint.entries().size())));
    }

    private static String beginning(String name) {
        int end = 0;
        for (int i = 0; i < DEEPEST && name.indexOf('.', end) >= 0; i++) {
            end = name.indexOf('.', end) + 1;
        }
        return name.substring(0, end);
    }
}
