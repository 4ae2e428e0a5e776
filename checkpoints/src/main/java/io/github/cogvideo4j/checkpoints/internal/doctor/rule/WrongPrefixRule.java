package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.StemKind;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.NameFindings;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;

/// NameFindings whose prefix is missing, in a folder where inference looks for it, or was added twice.
///
/// @param stem what the name looks like
/// @param code what is reported
/// @param key  the bundle's key of the sentence
public record WrongPrefixRule(StemKind stem, ProblemCode code, String key) implements Rule {
    /// The names that the merge scripts write.
    public static final Rule MISSING = new WrongPrefixRule(
            StemKind.NO_PREFIX, ProblemCode.NAME_MISSING_PREFIX, "checkpoints.doctor.missing-prefix");
    public static final Rule DOUBLE = new WrongPrefixRule(
            StemKind.DOUBLE_PREFIX, ProblemCode.NAME_DOUBLE_PREFIX, "checkpoints.doctor.double-prefix");

    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(code);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        NameFindings.reportMembers(subject, member -> member.stem() == stem, code, key, found);
    }
}
