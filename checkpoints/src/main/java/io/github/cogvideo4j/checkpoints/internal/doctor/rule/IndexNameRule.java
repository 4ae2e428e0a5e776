package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.IndexFile;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.PrefixedNames;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.StemKind;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.NameFindings;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Shards without an index, or with one under a name that no loader looks for.
public final class IndexNameRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.INDEX_MISSING, ProblemCode.INDEX_WRONG_NAME);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        for (WeightGroup group : NameFindings.shardedGroups(subject)) {
            String expected = group.indexName();
            if (group.index().isPresent()) {
                IndexFile index = group.index().get().file();
                if (isWrong(index, group)) {
                    report(subject, ProblemCode.INDEX_WRONG_NAME, index.file(), "index-wrong-name", expected, found);
                }
            } else if (noneUnreadable(subject)) {
                report(subject, ProblemCode.INDEX_MISSING, group.folder(), "index-missing", expected, found);
            }
        }
    }

    /// A name that went wrong in the same way as the shards' is reported with theirs.
    private static boolean isWrong(IndexFile index, WeightGroup group) {
        if (NameFindings.isExpectedIndex(index, group) || PrefixedNames.isPrefixed(index.file())) {
            return false;
        }
        boolean asTheShards = index.tidy()
                && index.name()
                        .filter(name -> name.extension().equals(group.extension()))
                        .filter(name -> group.files()
                                .anyMatch(member -> member.stem() == StemKind.of(name, group.component())
                                        || member.name().stem().equals(name.stem())))
                        .isPresent();
        return !asTheShards;
    }

    private static boolean noneUnreadable(Subject subject) {
        return subject.parts().stream()
                .flatMap(part -> part.files().indexes().stream())
                .allMatch(index -> index.index().isPresent());
    }

    private static void report(
            Subject subject, ProblemCode code, Path place, String key, String expected, Consumer<Finding> found) {
        found.accept(
                Finding.of(Severity.ERROR, Problem.of(code, Place.of(place), "checkpoints.doctor." + key, expected))
                        .withRemedy(new Remedy.RepairFolder(subject.path(), false, Optional.empty())));
    }
}
