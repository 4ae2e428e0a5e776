package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.Names;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Several `.bin` files, which a plain load does not take even with a right index.
final class ShardedBinRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.SHARDED_BIN);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        boolean alternative = subject.transformer().stream()
                .flatMap(folder -> folder.plainGroups().stream())
                .anyMatch(group -> !group.isSharded() || !group.extension().equals("bin"));
        for (WeightGroup group : Names.shardedGroups(subject)) {
            if (!alternative && group.extension().equals("bin")) {
                found.accept(Finding.of(
                                Severity.WARNING,
                                Problem.of(
                                        ProblemCode.SHARDED_BIN,
                                        Place.of(group.folder()),
                                        "checkpoints.doctor.sharded-bin",
                                        group.count()))
                        .withRemedy(new Remedy.Repair(subject.path(), true, Optional.empty())));
            }
        }
    }
}
