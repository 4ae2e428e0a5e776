package io.github.cogvideo4j.checkpoints.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.subject.Stem;
import io.github.cogvideo4j.checkpoints.doctor.subject.Subject;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;

/// The prefix was added twice.
final class DoublePrefix implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.NAME_DOUBLE_PREFIX);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        Names.reportMembers(
                subject,
                member -> member.stem() == Stem.DOUBLE_PREFIX,
                ProblemCode.NAME_DOUBLE_PREFIX,
                "checkpoints.doctor.double-prefix",
                found);
    }
}
