package io.github.cogvideo4j.checkpoints.internal.watch;

import io.github.cogvideo4j.checkpoints.inspect.TrainingConfiguration;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.SavedValues;
import io.github.cogvideo4j.checkpoints.internal.watch.TensorBoardLogs.Scalar;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/// What a trainer's files beside the weights tell of a training. What cannot be read tells nothing: the weights are
/// what matters.
///
/// @param learningRate the learning rate of the next step: `_last_lr` of the schedule that accelerate
///                     (`scheduler.bin`), DeepSpeed (`lr_scheduler` in its model states) or a distributed
///                     checkpoint saved, or `lr` of the optimizer's groups of parameters there; else the last that
///                     `trainer_state.json` of transformers' trainer has, or that was logged for TensorBoard up to
///                     this step; else DeepSpeed's configured one
/// @param loss         the last loss in `trainer_state.json`, in finetrainers' `train_state` (the mean of all
///                     ranks), or that was logged for TensorBoard up to this step
public record TrainerFacts(OptionalDouble learningRate, OptionalDouble loss) {
    private static final String SCHEDULE = "scheduler.bin";
    private static final String TRAINER_STATE = "trainer_state.json";
    private static final long LARGEST = 64L << 20;

    /// The facts of a checkpoint.
    ///
    /// @param path       its folder or file
    /// @param checkpoint the checkpoint opened
    /// @param step       the step that it is of, as far as it is known
    public static TrainerFacts of(Path path, Checkpoint checkpoint, OptionalLong step) throws IOException {
        Optional<JsonNode> log = log(path.resolve(TRAINER_STATE));
        OptionalDouble rate =
                pickled(path.resolve(SCHEDULE)).map(TrainerFacts::lastRate).orElse(OptionalDouble.empty());
        Optional<PickleValue> engine = rate.isPresent() ? Optional.empty() : engine(checkpoint);
        if (rate.isEmpty()) {
            rate = engine.flatMap(PickleValue::asDict)
                    .flatMap(dict -> dict.get("lr_scheduler"))
                    .map(TrainerFacts::lastRate)
                    .orElse(OptionalDouble.empty());
        }
        SavedValues saved = saved(checkpoint);
        if (rate.isEmpty()) {
            rate = savedRate(saved);
        }
        if (rate.isEmpty()) {
            rate = logged(log, "learning_rate");
        }
        OptionalDouble loss = logged(log, "loss");
        if (loss.isEmpty()) {
            loss = saved.first(name -> isCalled(name, "train_state.global_avg_losses"))
                    .map(TrainerFacts::last)
                    .orElse(OptionalDouble.empty());
        }
        Map<Scalar, Double> events = Map.of();
        if (step.isPresent() && (rate.isEmpty() || loss.isEmpty())) {
            Path run = Objects.requireNonNullElse(path.toAbsolutePath().getParent(), path);
            events = TensorBoardLogs.upTo(run, step.getAsLong());
        }
        if (rate.isEmpty()) {
            rate = in(events, Scalar.LEARNING_RATE);
        }
        if (rate.isEmpty()) {
            rate = engine.flatMap(TrainingConfiguration::in)
                    .flatMap(TrainingConfiguration::learningRate)
                    .map(TrainerFacts::number)
                    .orElse(OptionalDouble.empty());
        }
        return new TrainerFacts(rate, loss.isPresent() ? loss : in(events, Scalar.LOSS));
    }

    private static OptionalDouble in(Map<Scalar, Double> events, Scalar scalar) {
        return events.containsKey(scalar) ? OptionalDouble.of(events.get(scalar)) : OptionalDouble.empty();
    }

    /// What DeepSpeed's engine saved beside the weights.
    private static Optional<PickleValue> engine(Checkpoint checkpoint) throws IOException {
        Optional<Path> states = checkpoint.files().keySet().stream()
                .filter(file -> String.valueOf(file.getFileName()).endsWith("model_states.pt"))
                .findFirst();
        return states.isEmpty() ? Optional.empty() : pickled(states.get());
    }

    private static SavedValues saved(Checkpoint checkpoint) throws IOException {
        try {
            return DistributedCheckpoint.values(checkpoint.folder());
        } catch (FormatException _) {
            return SavedValues.none();
        }
    }

    /// The schedule's rate, else that of the optimizer's groups of parameters, which have the same one in nearly
    /// every training.
    private static OptionalDouble savedRate(SavedValues saved) throws IOException {
        OptionalDouble scheduled = saved.first(name -> isCalled(name, "lr_scheduler._last_lr"))
                .map(TrainerFacts::first)
                .orElse(OptionalDouble.empty());
        return scheduled.isPresent()
                ? scheduled
                : saved.first(name -> name.contains("param_groups.") && name.endsWith(".lr"))
                        .map(TrainerFacts::real)
                        .orElse(OptionalDouble.empty());
    }

    /// Whether a key is a name, or has it at its end.
    private static boolean isCalled(String key, String name) {
        return key.equals(name) || key.endsWith("." + name);
    }

    private static OptionalDouble number(String text) {
        try {
            return finite(Double.parseDouble(text));
        } catch (NumberFormatException _) {
            return OptionalDouble.empty();
        }
    }

    private static OptionalDouble lastRate(PickleValue schedule) {
        return schedule.asDict()
                .flatMap(dict -> dict.get("_last_lr"))
                .map(TrainerFacts::first)
                .orElse(OptionalDouble.empty());
    }

    private static OptionalDouble first(PickleValue list) {
        List<PickleValue> elements = list.asElements().orElse(List.of());
        return elements.isEmpty() ? OptionalDouble.empty() : real(elements.getFirst());
    }

    private static OptionalDouble last(PickleValue list) {
        List<PickleValue> elements = list.asElements().orElse(List.of());
        return elements.isEmpty() ? OptionalDouble.empty() : real(elements.getLast());
    }

    private static OptionalDouble real(PickleValue value) {
        return switch (value) {
            case PickleValue.Real real -> finite(real.value());
            case PickleValue.Int whole -> finite(whole.value().doubleValue());
            default -> OptionalDouble.empty();
        };
    }

    private static OptionalDouble finite(double value) {
        return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
    }

    private static Optional<PickleValue> pickled(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(TorchFile.open(file, new Warnings()).root());
        } catch (FormatException _) {
            return Optional.empty();
        }
    }

    private static Optional<JsonNode> log(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JsonFile.readObject(file, LARGEST, ProblemCode.CONFIG_INVALID)
                    .path("log_history"));
        } catch (MalformedFileException _) {
            return Optional.empty();
        }
    }

    private static OptionalDouble logged(Optional<JsonNode> log, String field) {
        OptionalDouble last = OptionalDouble.empty();
        for (JsonNode entry : log.map(List::of).orElse(List.of()).stream()
                .flatMap(JsonNode::valueStream)
                .toList()) {
            JsonNode value = entry.path(field);
            if (value.isNumber()) {
                last = finite(value.doubleValue());
            }
        }
        return last;
    }
}
