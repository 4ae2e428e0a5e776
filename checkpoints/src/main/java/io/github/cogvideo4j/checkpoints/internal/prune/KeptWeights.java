package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterLocation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/// What is kept of a checkpoint that goes: its weights as they are loaded, proven equal to it.
sealed interface KeptWeights permits KeptModel, KeptAdapter {
    /// What is said of weights that are left in the checkpoint: they would go unproven.
    Set<String> OTHER_WEIGHTS = Set.of(
            "checkpoints.location.average-there",
            "checkpoints.location.other-component",
            "checkpoints.location.first-model",
            "checkpoints.location.other-tags",
            "checkpoints.placement.average-there",
            "checkpoints.placement.second");

    /// Opens a checkpoint. Only headers are read.
    static KeptWeights of(PruneRequest request, Path checkpoint) throws IOException {
        Optional<Checkpoint> state;
        try {
            state = Optional.of(Checkpoints.open(checkpoint, SourceOptions.defaults()));
        } catch (InvalidCheckpointException e) {
            // A trainer may leave nothing of an adapter but its file and the optimizer's.
            Optional<AdapterLocation> file = e.problem().code() == ProblemCode.NOT_A_CHECKPOINT
                    ? AdapterLocation.find(checkpoint)
                    : Optional.empty();
            if (file.isEmpty() || !AdapterLocation.isAdapter(file.get().file())) {
                throw e;
            }
            state = Optional.empty();
        }
        return state.filter(opened -> !KeptAdapter.holdsFactors(opened)).isPresent()
                ? new KeptModel(request, checkpoint, state.get())
                : KeptAdapter.open(request, checkpoint, state);
    }

    /// The checkpoint's state, where it has one.
    Optional<Checkpoint> state();

    /// What the proof needs and was not named.
    Optional<Problem> lack();

    /// Why the weights cannot be kept, or not all of them. Nothing is written.
    ///
    /// @param target where they would go
    Optional<Problem> obstacle(Path target) throws IOException;

    /// Writes the weights and proves them before the folder gets its name.
    void write(Path target, JobControl control) throws IOException;

    /// Compares weights that were written before with the checkpoint.
    ///
    /// @throws InvalidCheckpointException `different`
    void requireEqual(Path weights, JobControl control) throws IOException;

    /// The problem of a checkpoint that holds more weights than are kept.
    static Problem otherWeights(Path checkpoint) {
        return Problem.of(ProblemCode.ASSUMED, Place.of(checkpoint), "checkpoints.prune.other-weights");
    }

    /// The refusal of weights that are not the checkpoint's.
    static InvalidCheckpointException different(Path weights, Path checkpoint, int differences) {
        return new InvalidCheckpointException(
                ProblemCode.DIFFERENT, Place.of(weights), "checkpoints.prune.different", checkpoint, differences);
    }
}
