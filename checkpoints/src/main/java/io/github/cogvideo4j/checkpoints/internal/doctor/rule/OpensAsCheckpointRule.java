package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.ReaderCodes;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;

/// Training state and plain weights: whether they open, whether all of it is there and belongs together.
public final class OpensAsCheckpointRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        EnumSet<ProblemCode> codes = EnumSet.of(
                ProblemCode.LATEST_ABSENT,
                ProblemCode.TAG_NOT_FOUND,
                ProblemCode.MISSING_RANK,
                ProblemCode.MISSING_MODEL_STATES,
                ProblemCode.NO_OPTIM_STATES,
                ProblemCode.MIXED_WORLD_SIZE,
                ProblemCode.MIXED_CHECKPOINTS,
                ProblemCode.UNKNOWN_STAGE,
                ProblemCode.UNSUPPORTED_PARALLELISM,
                ProblemCode.NUMEL_MISMATCH,
                ProblemCode.CONFIG_INVALID,
                ProblemCode.ASSUMED);
        codes.addAll(ReaderCodes.ALL);
        return codes;
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        for (Problem problem : subject.problems()) {
            if (problem.code() != ProblemCode.UNREADABLE) {
                found.accept(ReadableFilesRule.failure(subject.path(), problem));
            }
        }
        subject.checkpoint().stream()
                .flatMap(checkpoint -> checkpoint.warnings().stream())
                .forEach(problem -> found.accept(Finding.of(Severity.ofWarning(problem.code()), problem)));
    }
}
