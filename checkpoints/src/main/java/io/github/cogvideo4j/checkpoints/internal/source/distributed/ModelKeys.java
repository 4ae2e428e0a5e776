package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;

/// Which of a distributed checkpoint's keys are the model's. A trainer saves a map of several states under
/// one table: `model.`, `optimizer.`, `lr_scheduler.`, also one level further in (`app.model.`, `app.optim.`);
/// accelerate saves the model's alone, also under `model.`. What is neither state of the training nor under one of
/// the known names is left under its own, for whoever knows the model's names to judge.
///
/// @param names the model's parameters: key in the table to name in the model
record ModelKeys(SequencedMap<String, String> names) {
    /// What trainers call the model's part, the likeliest first: accelerate and torchtitan, Lightning,
    /// hand-written loops.
    private static final List<String> PARTS = List.of("model.", "state_dict.", "model_state_dict.");

    /// What they call an average of it.
    private static final List<String> AVERAGES = List.of("ema.", "model_ema.", "ema_model.", "ema_state_dict.");

    /// What they call the parts that are no weights.
    private static final Set<String> TRAINING = Set.of(
            "optimizer",
            "optimizers",
            "optim",
            "optimizer_state_dict",
            "lr_scheduler",
            "lr_schedulers",
            "scheduler",
            "dataloader",
            "train_state");

    /// What Adam keeps of every parameter, under `state.`.
    private static final Set<String> MOMENTS = Set.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step");

    // A part lies in the outermost dictionary or in one of the two inside it; deeper words are modules of the model.
    private static final int DEEPEST_PART = 3;

    /// Chooses.
    ///
    /// @param average whether averaged weights are wanted
    /// @throws InvalidCheckpointException `not-weights` when there is only an optimizer's state, or no
    ///     tensor at all
    static ModelKeys choose(DistributedMetadata metadata, boolean average, Problems remarks) {
        Set<String> keys = metadata.tensors().sequencedKeySet();
        Place place = Place.of(metadata.file());
        Optional<String> averaged = AVERAGES.stream()
                .filter(part -> keys.stream().anyMatch(key -> inPart(key, part)))
                .findFirst();
        Optional<String> trained = PARTS.stream()
                .filter(part -> keys.stream().anyMatch(key -> inPart(key, part)))
                .findFirst();
        if (averaged.isPresent() && trained.isPresent()) {
            remarks.report(
                    ProblemCode.CHOICE,
                    place,
                    average ? "checkpoints.distributed.average-taken" : "checkpoints.distributed.average-there",
                    averaged.get(),
                    trained.get());
        }
        Optional<String> part = average && averaged.isPresent() ? averaged : trained;
        if (part.isPresent()) {
            SequencedMap<String, String> names = new LinkedHashMap<>();
            keys.stream()
                    .filter(key -> inPart(key, part.get()))
                    .forEach(key -> names.put(key, key.substring(part.get().length())));
            Set<String> others = otherParts(keys, part.get());
            averaged.ifPresent(name -> others.remove(withoutDot(name)));
            trained.ifPresent(name -> others.remove(withoutDot(name)));
            if (!others.isEmpty()) {
                remarks.report(
                        ProblemCode.CHOICE,
                        place,
                        "checkpoints.distributed.other-parts",
                        part.get(),
                        String.join(", ", others));
            }
            return new ModelKeys(names);
        }
        if (keys.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS,
                    place,
                    "checkpoints.distributed.no-tensors",
                    metadata.objects().size());
        }
        SequencedMap<String, String> names = new LinkedHashMap<>();
        keys.stream().filter(key -> !isTraining(key)).forEach(key -> names.put(key, key));
        if (names.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, place, "checkpoints.distributed.optimizer-alone");
        }
        if (names.size() < keys.size()) {
            remarks.report(
                    ProblemCode.CHOICE,
                    place,
                    "checkpoints.distributed.training-left-out",
                    keys.size() - names.size(),
                    keys.size());
        }
        return new ModelKeys(names);
    }

    private static boolean inPart(String key, String part) {
        return key.startsWith(part) && key.length() > part.length();
    }

    private static String withoutDot(String part) {
        return part.substring(0, part.length() - 1);
    }

    /// Whether a key is the optimizer's, the scheduler's or the data loader's.
    private static boolean isTraining(String key) {
        String[] words = key.split("\\.", -1);
        for (int i = 0; i < words.length - 1 && i < DEEPEST_PART; i++) {
            if (TRAINING.contains(words[i])) {
                return true;
            }
            if (words[i].equals("state") && MOMENTS.contains(words[words.length - 1])) {
                return true;
            }
        }
        return false;
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
