package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Training state where converted weights belong.
public final class RawCheckpointRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.DEEPSPEED_CHECKPOINT_IN_TRANSFORMER);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        for (ComponentFolder folder : subject.parts().stream().map(Part::files).toList()) {
            Severity severity = folder.groups().isEmpty() ? Severity.ERROR : Severity.INFO;
            for (Path raw : folder.rawCheckpoints()) {
                found.accept(Finding.of(
                                severity,
                                Problem.of(
                                        ProblemCode.DEEPSPEED_CHECKPOINT_IN_TRANSFORMER,
                                        Place.of(raw),
                                        "checkpoints.doctor.raw-checkpoint"))
                        .withRemedy(new Remedy.RepairFolder(subject.path(), true, Optional.empty())));
            }
        }
    }
}
