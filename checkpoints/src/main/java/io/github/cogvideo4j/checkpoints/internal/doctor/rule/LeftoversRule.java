package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Unfinished downloads and what an interrupted run left.
public final class LeftoversRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.LEFTOVERS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        Stream.concat(subject.parts().stream().map(Part::files), subject.loose().stream())
                .flatMap(folder -> folder.leftovers().stream())
                .forEach(file -> found.accept(Finding.of(
                        Severity.INFO,
                        Problem.of(ProblemCode.LEFTOVERS, Place.of(file), "checkpoints.doctor.leftover-file"))));
    }
}
