package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.NameFindings;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// An index whose files were renamed while the names inside it were not.
public final class StaleIndexRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.INDEX_STALE_NAMES);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        for (WeightGroup group : NameFindings.shardedGroups(subject)) {
            group.index()
                    .filter(index -> !index.stale().isEmpty() && group.isRightlyNamed())
                    .ifPresent(index -> found.accept(Finding.of(
                                    Severity.ERROR,
                                    Problem.of(
                                            ProblemCode.INDEX_STALE_NAMES,
                                            Place.of(index.file().file()),
                                            "checkpoints.doctor.index-stale",
                                            index.stale().first()),
                                    index.stale().first())
                            .withRemedy(new Remedy.RepairFolder(subject.path(), false, Optional.empty()))));
        }
        for (Part part : subject.parts()) {
            part.files().orphanIndexes().stream()
                    .filter(index -> index.index().isPresent() && !IndexContentsRule.isTaken(index, part))
                    .forEach(index -> found.accept(new Finding(
                            Problem.of(
                                    ProblemCode.INDEX_STALE_NAMES,
                                    Place.of(index.file()),
                                    "checkpoints.doctor.index-of-nothing"),
                            Severity.INFO,
                            Optional.empty())));
        }
    }
}
