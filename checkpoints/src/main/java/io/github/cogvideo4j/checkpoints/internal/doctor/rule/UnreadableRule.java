package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Files that the user who asks may not read.
public final class UnreadableRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.UNREADABLE);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        Stream.concat(
                        subject.parts().stream().flatMap(part -> part.files().unreadable().stream()),
                        subject.problems().stream()
                                .filter(problem -> problem.code() == ProblemCode.UNREADABLE)
                                .flatMap(problem -> problem.place().file().stream()))
                .distinct()
                .forEach(file -> found.accept(Finding.of(
                                Severity.ERROR,
                                Problem.of(ProblemCode.UNREADABLE, Place.of(file), "checkpoints.doctor.unreadable"))
                        .withRemedy(new Remedy.MakeReadable(file))));
    }
}
