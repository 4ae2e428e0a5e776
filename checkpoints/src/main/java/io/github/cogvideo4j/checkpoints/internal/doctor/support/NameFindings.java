package io.github.cogvideo4j.checkpoints.internal.doctor.support;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.finding.Symptom;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.IndexFile;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Findings about file names, shared by the rules that look at them.
public final class NameFindings {
    private NameFindings() {}

    /// Reports each weight file whose name has a fault.
    public static void reportMembers(
            Subject subject,
            Predicate<WeightGroup.Member> faulty,
            ProblemCode code,
            String key,
            Consumer<Finding> found) {
        for (WeightGroup group : subject.groups()) {
            group.files()
                    .filter(faulty)
                    .map(member -> Problem.of(
                            code, Place.of(member.file()), key, member.name().expected(group.component())))
                    .map(problem -> new Finding(problem, Severity.ERROR, Symptom.ofName(code, group.component()))
                            .withRemedy(new Remedy.RepairFolder(subject.path(), false, Optional.empty())))
                    .forEach(found);
        }
    }

    /// The groups of several files.
    public static List<WeightGroup> shardedGroups(Subject subject) {
        return subject.groups().stream().filter(WeightGroup::isSharded).toList();
    }

    /// Whether an index has the name that inference looks for beside a group.
    public static boolean isExpectedIndex(IndexFile index, WeightGroup group) {
        return index.fileName().equals(group.indexName());
    }
}
