package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.IndexFile;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.IndexView;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.StemKind;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.NameFindings;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// An index held against what its files hold.
public final class IndexContentsRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(
                ProblemCode.MISSING_SHARD,
                ProblemCode.MISSING_TENSOR,
                ProblemCode.INDEX_MISMATCH,
                ProblemCode.INDEX_TOTAL_SIZE,
                ProblemCode.INDEX_JSON,
                ProblemCode.UNSAFE_PATH);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        for (Part part : subject.parts()) {
            ComponentFolder folder = part.files();
            for (IndexFile index : folder.indexes()) {
                Severity severity = index.index().isPresent() ? Severity.WARNING : Severity.ERROR;
                index.problems().forEach(problem -> found.accept(Finding.of(severity, problem)));
            }
            folder.orphanIndexes().stream()
                    .filter(index -> isTaken(index, part))
                    .forEach(index -> index.index()
                            .flatMap(read -> read.shards().stream().findFirst())
                            .ifPresent(shard -> found.accept(Finding.of(
                                    Severity.ERROR,
                                    Problem.of(
                                            ProblemCode.MISSING_SHARD,
                                            Place.of(index.file()),
                                            "formats.index.missing-shard",
                                            shard),
                                    shard))));
        }
        for (WeightGroup group : NameFindings.shardedGroups(subject)) {
            examine(group, subject, found);
        }
    }

    private static void examine(WeightGroup group, Subject subject, Consumer<Finding> found) {
        if (group.index().isPresent()) {
            IndexView view = group.index().get();
            view.errors().forEach(problem -> found.accept(error(problem)));
            view.warnings()
                    .forEach(problem -> found.accept(Finding.of(Severity.WARNING, problem)
                            .withRemedy(new Remedy.RepairFolder(subject.path(), false, Optional.empty()))));
            return;
        }
        for (int number : group.missing().stream().limit(20).toList()) {
            WeightFileName first = group.members().firstEntry().getValue().name();
            String name = new WeightFileName(
                            first.stem(),
                            first.variant(),
                            Optional.of(new WeightFileName.Shard(number, group.count())),
                            first.extension(),
                            false)
                    .fileName();
            found.accept(Finding.of(
                    Severity.ERROR,
                    Problem.of(
                            ProblemCode.MISSING_SHARD,
                            Place.of(group.folder()),
                            "checkpoints.doctor.missing-shard",
                            name,
                            group.count()),
                    name));
        }
    }

    /// The first argument of a missing shard's sentence is its name.
    private static Finding error(Problem problem) {
        return problem.code() == ProblemCode.MISSING_SHARD
                ? Finding.of(
                        Severity.ERROR,
                        problem,
                        String.valueOf(problem.message().arguments().getFirst()))
                : Finding.of(Severity.ERROR, problem);
    }

    /// Whether inference takes an index: diffusers whatever is beside it, transformers where there is no single
    /// file.
    static boolean isTaken(IndexFile index, Part part) {
        boolean single = part.component().transformers()
                && part.files().plainGroups().stream().anyMatch(group -> !group.isSharded() && group.isRightlyNamed());
        return !single
                && index.tidy()
                && index.name()
                        .filter(name ->
                                name.variant().isEmpty() && StemKind.of(name, part.component()) == StemKind.RIGHT)
                        .isPresent();
    }
}
