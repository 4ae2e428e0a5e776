package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;

/// Which of a distributed checkpoint's keys are the model's. A trainer saves a map of several states under
/// one table: `model.`, `optimizer.`, `lr_scheduler.`; accelerate saves the model's alone, also under
/// `model.`.
///
/// @param names the model's parameters: key in the table to name in the model
record ModelKeys(SequencedMap<String, String> names) {
    /// What trainers call the model's part, the likeliest first: accelerate and torchtitan, Lightning,
    /// hand-written loops.
    private static final List<String> PARTS = List.of("model.", "state_dict.", "model_state_dict.");

    /// What they call the optimizer's.
    private static final List<String> OPTIMIZER = List.of("optimizer.", "optim.", "optimizer_state_dict.", "state.");

    /// Chooses.
    ///
    /// @throws InvalidCheckpointException `not-weights` when there is only an optimizer's state, or no
    ///     tensor at all
    static ModelKeys choose(DistributedMetadata metadata, Problems remarks) {
        Set<String> keys = metadata.tensors().sequencedKeySet();
        Place place = Place.of(metadata.file());
        for (String part : PARTS) {
            SequencedMap<String, String> names = new LinkedHashMap<>();
            keys.stream()
                    .filter(key -> key.startsWith(part) && key.length() > part.length())
                    .forEach(key -> names.put(key, key.substring(part.length())));
            if (!names.isEmpty()) {
                if (names.size() < keys.size()) {
                    remarks.report(
                            ProblemCode.CHOICE,
                            place,
                            "checkpoints.distributed.other-parts",
                            part,
                            String.join(", ", otherParts(keys, part)));
                }
                return new ModelKeys(names);
            }
        }
        if (keys.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS,
                    place,
                    "checkpoints.distributed.no-tensors",
                    metadata.objects().size());
        }
        if (keys.stream().allMatch(key -> OPTIMIZER.stream().anyMatch(key::startsWith))) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, place, "checkpoints.distributed.optimizer-alone");
        }
        SequencedMap<String, String> names = new LinkedHashMap<>();
        keys.forEach(key -> names.put(key, key));
        return new ModelKeys(names);
    }

    private static Set<String> otherParts(Set<String> keys, String part) {
        Set<String> others = new TreeSet<>();
        for (String key : keys) {
            if (!key.startsWith(part) && others.size() < 8) {
                others.add(key.substring(0, key.indexOf('.') < 0 ? key.length() : key.indexOf('.')));
            }
        }
        return others;
    }
}
