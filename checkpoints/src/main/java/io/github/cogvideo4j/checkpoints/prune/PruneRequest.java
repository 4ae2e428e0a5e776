package io.github.cogvideo4j.checkpoints.prune;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.checkpoints.internal.prune.PrunePlanner;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A request to make a training run smaller: checkpoints that no rule keeps become converted weights, proven
/// equal, and then move to a trash beside the run; or to empty that trash.
///
/// @param run     the run's folder
/// @param keep    which checkpoints stay as they are; without any rule the plan only tells what they cost
/// @param base    the model that was fine-tuned, for the conversion: a folder, or a name in the hub's cache
/// @param weights where the converted weights go, a folder for each checkpoint; when absent `RUN-weights`
/// @param dtype   the dtype of the converted weights
/// @param threads how many tensors at once
/// @param empty   whether the trash is emptied instead, once each checkpoint in it has been proven again
public record PruneRequest(
        Path run,
        List<KeepRule> keep,
        Optional<String> base,
        Optional<Path> weights,
        TargetDType dtype,
        int threads,
        boolean empty)
        implements JobRequest<PruneRequest.Plan> {
    private static final String JOB = "prune";
    private static final int VERSION = 1;

    /// A rule that keeps checkpoints. Steps and epochs of one run are counted apart: a rule is applied to the
    /// checkpoints of each kind of name by themselves.
    public sealed interface KeepRule {
        /// The newest ones.
        ///
        /// @param count how many
        record Last(int count) implements KeepRule {}

        /// Those whose number is a multiple.
        ///
        /// @param steps of how many steps
        record Every(long steps) implements KeepRule {}

        /// One.
        ///
        /// @param number its step, or its epoch
        record Step(long number) implements KeepRule {}

        /// The one with the highest score; of equal ones the newest.
        ///
        /// @param measure what was measured, for reports
        /// @param scores  the score of each step that has one
        record Best(String measure, SortedMap<Long, Double> scores) implements KeepRule {
            /// Copies the map.
            public Best {
                scores = Collections.unmodifiableSortedMap(new TreeMap<>(scores));
            }
        }
    }

    /// The bytes that a checkpoint takes.
    ///
    /// @param weights   of the weights that a conversion reads, and of other copies of them
    /// @param optimizer of the optimizer's state
    /// @param other     of everything else
    public record Costs(long weights, long optimizer, long other) {
        /// All bytes.
        public long total() {
            return weights + optimizer + other;
        }
    }

    /// What becomes of a checkpoint.
    public enum Fate {
        /// A rule keeps it, or it is the newest one that is whole.
        KEPT,
        /// It is converted, proven, and moved to the trash; or, of the trash, proven again and deleted.
        GOES,
        /// No rule keeps it, but it cannot go.
        STAYS
    }

    /// A checkpoint of the run, or of the trash.
    ///
    /// @param path   its folder or file
    /// @param number its step, or its epoch
    /// @param costs  the bytes that it takes
    /// @param fate   what becomes of it
    /// @param reason why it cannot go
    public record Item(Path path, long number, Costs costs, Fate fate, Optional<Problem> reason) {
        /// Its name in the run.
        public String name() {
            return String.valueOf(path.getFileName());
        }
    }

    /// A planned pruning.
    public interface Plan extends JobPlan<Result> {
        /// All checkpoints, by kind and number.
        List<Item> items();

        /// Where the converted weights are.
        Path weights();

        /// Where checkpoints go.
        Path trash();
    }

    /// What was done.
    ///
    /// @param pruned the checkpoints that went, in order: trainings cannot go on from them any more
    /// @param bytes  what they took
    public record Result(List<Item> pruned, long bytes) {
        /// Copies the list.
        public Result {
            pruned = List.copyOf(pruned);
        }
    }

    /// Copies the list.
    ///
    /// @throws InvalidRequestException `request` for numbers below one, and for rules when the trash is emptied
    public PruneRequest {
        keep = List.copyOf(keep);
        RequestText.requireOne(empty, "empty", !keep.isEmpty(), "keep");
        for (KeepRule rule : keep) {
            boolean sound = switch (rule) {
                case KeepRule.Last last -> last.count() > 0;
                case KeepRule.Every every -> every.steps() > 0;
                case KeepRule.Step step -> step.number() >= 0;
                case KeepRule.Best best -> !best.scores().isEmpty();
            };
            if (!sound) {
                throw new InvalidRequestException(
                        ProblemCode.REQUEST, Place.nowhere(), "checkpoints.request.value", "keep", rule);
            }
        }
    }

    /// A request that tells what a run's checkpoints cost.
    public static PruneRequest of(Path run) {
        return new PruneRequest(
                run,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                TargetDType.SOURCE,
                RequestText.usualThreads(),
                false);
    }

    /// The same request with rules.
    public PruneRequest withKeep(KeepRule... rules) {
        return new PruneRequest(run, List.of(rules), base, weights, dtype, threads, empty);
    }

    /// The same request with the model that was fine-tuned.
    public PruneRequest withBase(String model) {
        return new PruneRequest(run, keep, Optional.of(model), weights, dtype, threads, empty);
    }

    /// A request to empty the trash of this one.
    public PruneRequest emptying() {
        return new PruneRequest(run, List.of(), base, weights, dtype, threads, true);
    }

    @Override
    public String job() {
        return JOB;
    }

    /// Plans. Of checkpoints only headers are read.
    @Override
    public Plan plan(JobControl control) throws IOException {
        return new PrunePlanner(this, TrainerActivity.OfThisMachine.standard(), control).plan();
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = RequestText.begin(JOB, VERSION);
        json.put("run", run.toString());
        if (!keep.isEmpty()) {
            ArrayNode list = json.putArray("keep");
            keep.forEach(rule -> write(rule, list.addObject()));
        }
        RequestText.text(json, "base", base);
        RequestText.text(json, "weights", weights);
        if (dtype != TargetDType.SOURCE) {
            json.put("dtype", dtype.id());
        }
        RequestText.threads(json, threads);
        RequestText.flag(json, "empty", empty);
        return json;
    }

    private static void write(KeepRule rule, ObjectNode node) {
        switch (rule) {
            case KeepRule.Last last -> node.put("last", last.count());
            case KeepRule.Every every -> node.put("every", every.steps());
            case KeepRule.Step step -> node.put("step", step.number());
            case KeepRule.Best best -> {
                node.put("best", best.measure());
                ArrayNode scores = node.putArray("scores");
                best.scores()
                        .forEach((step, score) ->
                                scores.addObject().put("step", step).put("score", score));
            }
        }
    }

    /// Reads what [#toJson()] wrote.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static PruneRequest read(ObjectNode json) {
        RequestFields fields = RequestFields.of(json, JOB, VERSION);
        List<KeepRule> rules = new ArrayList<>();
        for (RequestFields rule : fields.objects("keep")) {
            rules.add(rule(rule));
            rule.end();
        }
        PruneRequest request = new PruneRequest(
                fields.requiredPath("run"),
                rules,
                fields.text("base"),
                fields.path("weights"),
                fields.choice("dtype", TargetDType.class).orElse(TargetDType.SOURCE),
                RequestText.threads(fields),
                fields.flag("empty"));
        fields.end();
        return request;
    }

    private static KeepRule rule(RequestFields fields) {
        if (fields.has("last")) {
            return new KeepRule.Last(fields.whole("last", 1, Integer.MAX_VALUE).orElse(0));
        }
        if (fields.has("every")) {
            return new KeepRule.Every(fields.large("every", 1, Long.MAX_VALUE).orElse(0));
        }
        if (fields.has("step")) {
            return new KeepRule.Step(fields.large("step", 0, Long.MAX_VALUE).orElse(-1));
        }
        SortedMap<Long, Double> scores = new TreeMap<>();
        String measure = fields.requiredText("best");
        for (RequestFields score : fields.objects("scores")) {
            scores.put(
                    score.large("step", 0, Long.MAX_VALUE).orElse(0),
                    score.number("score").orElse(Double.NEGATIVE_INFINITY));
            score.end();
        }
        return new KeepRule.Best(measure, scores);
    }
}
