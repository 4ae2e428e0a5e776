package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
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

/// Several `.bin` files, which a plain load by diffusers does not take even with a right index.
public final class ShardedBinRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.SHARDED_BIN);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        for (WeightGroup group : NameFindings.shardedGroups(subject)) {
            boolean alternative = subject.parts().stream()
                    .filter(part -> part.folder().equals(group.folder()))
                    .flatMap(part -> part.files().plainGroups().stream())
                    .anyMatch(other -> !other.isSharded() || !other.extension().equals("bin"));
            if (!alternative
                    && group.extension().equals("bin")
                    && !group.component().transformers()) {
                found.accept(Finding.of(
                                Severity.WARNING,
                                Problem.of(
                                        ProblemCode.SHARDED_BIN,
                                        Place.of(group.folder()),
                                        "checkpoints.doctor.sharded-bin",
                                        group.count()))
                        .withRemedy(new Remedy.RepairFolder(subject.path(), true, Optional.empty())));
            }
        }
    }
}
