package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;

/// The check that the files of a tag folder belong together. Shapes rarely tell: two checkpoints of one run fit
/// each other perfectly and give garbage.
final class Consistency {
    /// Below it every whole number has a double of its own.
    private static final double EXACT = 1L << 53;

    private Consistency() {}

    /// All ranks are there and none is left over from a larger run.
    static void requireAllRanks(List<OptimizerState> states) {
        OptimizerState first = states.getFirst();
        for (OptimizerState state : states) {
            if (state.worldSize() != first.worldSize()) {
                throw new InvalidCheckpointException(
                        ProblemCode.MIXED_WORLD_SIZE,
                        Place.of(state.file()),
                        "checkpoints.deepspeed.world-sizes",
                        state.worldSize(),
                        first.worldSize(),
                        first.rank());
            }
            if (state.rank() >= state.worldSize()) {
                throw new InvalidCheckpointException(
                        ProblemCode.MIXED_WORLD_SIZE,
                        Place.of(state.file()),
                        "checkpoints.deepspeed.stale-rank",
                        state.rank(),
                        state.worldSize());
            }
            if (!state.stage().equals(first.stage())) {
                throw new InvalidCheckpointException(
                        ProblemCode.MIXED_CHECKPOINTS,
                        Place.of(state.file()),
                        "checkpoints.deepspeed.stages",
                        first.rank());
            }
        }
        for (int rank = 0; rank < states.size(); rank++) {
            if (states.get(rank).rank() != rank) {
                throw missingRank(states, rank);
            }
        }
        if (states.size() != first.worldSize()) {
            throw missingRank(states, states.size());
        }
    }

    private static InvalidCheckpointException missingRank(List<OptimizerState> states, int rank) {
        OptimizerState known = states.getFirst();
        String name = String.valueOf(known.file().getFileName());
        String expected = name.replace("_rank_" + known.rank() + "_mp", "_rank_" + rank + "_mp");
        Path folder = known.file().toAbsolutePath().getParent();
        return new InvalidCheckpointException(
                ProblemCode.MISSING_RANK,
                folder == null ? Place.nowhere() : Place.of(folder),
                "checkpoints.deepspeed.missing-rank",
                rank,
                expected,
                known.worldSize());
    }

    /// The optimizers of all ranks have done the same number of steps.
    static void requireOneStep(List<OptimizerState> states) {
        OptimizerState first = states.getFirst();
        for (OptimizerState state : states) {
            if (!state.step().equals(first.step())) {
                throw new InvalidCheckpointException(
                        ProblemCode.MIXED_CHECKPOINTS,
                        Place.of(state.file()),
                        "checkpoints.deepspeed.steps",
                        first.rank(),
                        describe(first),
                        state.rank(),
                        describe(state));
            }
        }
    }

    private static String describe(OptimizerState state) {
        if (state.step().isEmpty()) {
            return "?";
        }
        double step = state.step().getAsDouble();
        return step == Math.rint(step) && Math.abs(step) < EXACT ? String.valueOf((long) step) : String.valueOf(step);
    }

    /// The model states are those of one step, and of the optimizer's step. A mismatch with the optimizer does
    /// not touch the parameters, which come from its files alone, so it is a warning.
    static void checkModelStates(
            SortedMap<Integer, ModelState> models, List<OptimizerState> states, Warnings warnings) {
        ModelState first = models.get(models.firstKey());
        if (first == null) {
            return;
        }
        for (ModelState model : models.values()) {
            if (!model.globalSteps().equals(first.globalSteps())) {
                throw new InvalidCheckpointException(
                        ProblemCode.MIXED_CHECKPOINTS,
                        Place.of(model.file()),
                        "checkpoints.deepspeed.model-steps",
                        text(model.globalSteps()),
                        text(first.globalSteps()));
            }
        }
        if (states.isEmpty()) {
            return;
        }
        if (first.worldSize().isPresent()
                && first.worldSize().getAsLong() != states.getFirst().worldSize()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MIXED_WORLD_SIZE,
                    Place.of(first.file()),
                    "checkpoints.deepspeed.model-world-size",
                    first.worldSize().getAsLong(),
                    states.getFirst().worldSize());
        }
        long done = first.globalSteps().orElse(0) - first.skippedSteps().orElse(0);
        if (first.globalSteps().isPresent()
                && states.getFirst().step().isPresent()
                && states.getFirst().step().getAsDouble() != done) {
            warnings.report(
                    ProblemCode.MIXED_CHECKPOINTS,
                    Place.of(first.file()),
                    "checkpoints.deepspeed.global-steps",
                    done,
                    describe(states.getFirst()));
        }
    }

    private static String text(OptionalLong number) {
        return number.isPresent() ? String.valueOf(number.getAsLong()) : "?";
    }
}
