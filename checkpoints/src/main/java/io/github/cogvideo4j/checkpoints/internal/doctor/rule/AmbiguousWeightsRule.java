package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.GroupComparison;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.LoadOrder;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Two sets of weights: which one is loaded, and whether it matters.
public final class AmbiguousWeightsRule implements Rule {
    private final boolean deep;
    private final int threads;

    public AmbiguousWeightsRule(boolean deep, int threads) {
        this.deep = deep;
        this.threads = threads;
    }

    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.AMBIGUOUS_WEIGHTS, ProblemCode.DUPLICATE_WEIGHTS, ProblemCode.MIXED_CHECKPOINTS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        for (Part part : subject.parts()) {
            List<WeightGroup> groups = part.files().plainGroups();
            for (WeightGroup other : groups.subList(Math.min(1, groups.size()), groups.size())) {
                compare(subject, part, groups.getFirst(), other, found);
            }
        }
    }

    private void compare(Subject subject, Part part, WeightGroup first, WeightGroup second, Consumer<Finding> found)
            throws IOException {
        if (first.isSharded()
                && second.isSharded()
                && first.extension().equals(second.extension())
                && first.count() != second.count()) {
            report(subject, ProblemCode.MIXED_CHECKPOINTS, "mixed-shards", first, second, found);
        }
        switch (GroupComparison.compare(first, second, deep, threads)) {
            case EQUAL ->
                found.accept(Finding.of(
                        Severity.INFO,
                        Problem.of(
                                ProblemCode.DUPLICATE_WEIGHTS,
                                Place.of(first.folder()),
                                "checkpoints.doctor.duplicate-weights",
                                first.label(),
                                second.label(),
                                LoadOrder.loaded(first, second).label())));
            case DIFFERENT -> report(subject, ProblemCode.AMBIGUOUS_WEIGHTS, "weights-differ", first, second, found);
            case NOT_COMPARED ->
                // Published components often come in both containers; what was trained here rarely does.
                found.accept(Finding.of(
                                part.trained() ? Severity.WARNING : Severity.INFO,
                                problem(ProblemCode.AMBIGUOUS_WEIGHTS, "weights-not-compared", first, second))
                        .withRemedy(new Remedy.Diagnose(subject.path(), true)));
        }
    }

    private static void report(
            Subject subject,
            ProblemCode code,
            String key,
            WeightGroup first,
            WeightGroup second,
            Consumer<Finding> found) {
        WeightGroup loaded = LoadOrder.loaded(first, second);
        found.accept(Finding.of(Severity.WARNING, problem(code, key, first, second))
                .withRemedy(new Remedy.RepairFolder(
                        subject.path(),
                        false,
                        Optional.of(loaded.members().firstEntry().getValue().fileName()))));
    }

    private static Problem problem(ProblemCode code, String key, WeightGroup first, WeightGroup second) {
        return Problem.of(
                code,
                Place.of(first.folder()),
                "checkpoints.doctor." + key,
                first.label(),
                second.label(),
                LoadOrder.loaded(first, second).label());
    }
}
