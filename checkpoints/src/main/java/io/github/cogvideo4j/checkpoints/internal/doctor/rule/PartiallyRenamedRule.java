package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.finding.Symptom;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.IndexView;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.PrefixedNames;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.StemKind;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.NameFindings;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// A set of files in which some, or the index, have new names and others the old ones.
public final class PartiallyRenamedRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.PARTIALLY_RENAMED);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        for (WeightGroup group : NameFindings.shardedGroups(subject)) {
            List<String> old = new ArrayList<>();
            List<String> renamed = new ArrayList<>();
            group.files().forEach(member -> (member.isRight() ? renamed : old).add(member.fileName()));
            group.index()
                    .map(IndexView::file)
                    .filter(index -> !PrefixedNames.isPrefixed(index.file()))
                    .ifPresent(index -> index.name()
                            .ifPresent(name -> (StemKind.of(name, group.component()) == StemKind.RIGHT ? renamed : old)
                                    .add(index.fileName())));
            if (!old.isEmpty() && !renamed.isEmpty()) {
                found.accept(new Finding(
                                Problem.of(
                                        ProblemCode.PARTIALLY_RENAMED,
                                        Place.of(group.folder()),
                                        "checkpoints.doctor.partially-renamed",
                                        renamed.getFirst(),
                                        old.getFirst()),
                                Severity.ERROR,
                                symptom(group))
                        .withRemedy(new Remedy.RepairFolder(subject.path(), false, Optional.empty())));
            }
        }
    }

    /// A loader that finds the index misses the files that it names; otherwise it finds no weights at all.
    private static Optional<Message> symptom(WeightGroup group) {
        Optional<IndexView> index = group.index()
                .filter(view -> view.file()
                        .name()
                        .filter(name -> StemKind.of(name, group.component()) == StemKind.RIGHT)
                        .isPresent());
        return index.isEmpty()
                ? Symptom.of(ProblemCode.NAME_WRONG)
                : index.get().stale().stream()
                        .findFirst()
                        .flatMap(name -> Symptom.of(ProblemCode.PARTIALLY_RENAMED, name));
    }
}
