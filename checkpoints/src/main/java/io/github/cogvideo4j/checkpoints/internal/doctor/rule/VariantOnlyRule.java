package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Weights of a variant and no others; a variant is loaded on request only.
public final class VariantOnlyRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.VARIANT);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        for (ComponentFolder folder : subject.parts().stream().map(Part::files).toList()) {
            if (folder.plainGroups().isEmpty()) {
                for (WeightGroup group : folder.groups()) {
                    found.accept(Finding.of(
                                    Severity.ERROR,
                                    Problem.of(
                                            ProblemCode.VARIANT,
                                            Place.of(group.members()
                                                    .firstEntry()
                                                    .getValue()
                                                    .file()),
                                            "checkpoints.doctor.variant",
                                            group.variant().orElse("")))
                            .withRemedy(new Remedy.RepairFolder(subject.path(), false, Optional.empty())));
                }
            }
        }
    }
}
