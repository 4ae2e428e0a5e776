package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.PrefixedNames;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.StemKind;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
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

/// Names that a browser, a desktop or a hand made: `model (1).safetensors`, capital letters, another prefix; in a
/// folder that transformers reads, also the names that diffusers looks for.
public final class WrongNameRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.NAME_WRONG);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        NameFindings.reportMembers(
                subject,
                member -> !PrefixedNames.isPrefixed(member.file())
                        && (!member.tidy()
                                || member.stem() == StemKind.OTHER
                                || member.stem() == StemKind.OTHER_LIBRARY),
                ProblemCode.NAME_WRONG,
                "checkpoints.doctor.wrong-name",
                found);
        for (ComponentFolder folder : subject.parts().stream().map(Part::files).toList()) {
            for (Path config : folder
                    .untidyConfig()
                    .filter(file -> folder.config().isEmpty() && !PrefixedNames.isPrefixed(file))
                    .stream()
                    .toList()) {
                found.accept(Finding.of(
                                Severity.ERROR,
                                Problem.of(
                                        ProblemCode.NAME_WRONG,
                                        Place.of(config),
                                        "checkpoints.doctor.wrong-name",
                                        "config.json"))
                        .withRemedy(new Remedy.RepairFolder(subject.path(), false, Optional.empty())));
            }
        }
    }
}
