package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.table.StateParts;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.util.List;
import java.util.Set;

/// Which of a distributed checkpoint's keys may be a model's. A trainer saves a map of several states under one
/// table: `model.`, `optimizer.`, `lr_scheduler.`, also further in (`app.model.`, `app.optim.`). The state of the
/// training is left out; everything else keeps its key, for whoever knows the model's names to judge.
final class ModelKeys {
    /// What Adam keeps of every parameter, under `state.`.
    private static final Set<String> MOMENTS = Set.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step");

    // A part lies in the outermost dictionary or in one of the two inside it; deeper words are modules of the model.
    private static final int DEEPEST_PART = 3;

    private ModelKeys() {}

    /// Chooses.
    ///
    /// @throws InvalidCheckpointException `not-weights` when there is only an optimizer's state, or no
    ///     tensor at all
    static List<String> choose(DistributedMetadata metadata, Warnings warnings) {
        Set<String> keys = metadata.tensors().sequencedKeySet();
        Place place = Place.of(metadata.file());
        if (keys.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS,
                    place,
                    "checkpoints.distributed.no-tensors",
                    metadata.objects().size());
        }
        List<String> names = keys.stream().filter(key -> !isTraining(key)).toList();
        if (names.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, place, "checkpoints.distributed.optimizer-alone");
        }
        if (names.size() < keys.size()) {
            warnings.report(
                    ProblemCode.CHOICE,
                    place,
                    "checkpoints.distributed.training-left-out",
                    keys.size() - names.size(),
                    keys.size());
        }
        return names;
    }

    /// Whether a key is the optimizer's, the scheduler's or the data loader's.
    private static boolean isTraining(String key) {
        String[] words = key.split("\\.", -1);
        for (int i = 0; i < words.length - 1 && i < DEEPEST_PART; i++) {
            if (StateParts.isTraining(words[i])) {
                return true;
            }
            if (words[i].equals("state") && MOMENTS.contains(words[words.length - 1])) {
                return true;
            }
        }
        return false;
    }
}
