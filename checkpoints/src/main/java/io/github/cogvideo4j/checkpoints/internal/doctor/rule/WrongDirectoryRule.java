package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.StemKind;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Weights beside the folder of their component, or in a folder inside it.
public final class WrongDirectoryRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.WRONG_DIRECTORY, ProblemCode.LEFTOVERS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        boolean needed = !subject.bare().isEmpty() || subject.parts().isEmpty();
        Stream.concat(
                        subject.loose().stream(),
                        subject.parts().stream().flatMap(part -> part.files().nested().stream()))
                .flatMap(folder -> folder.groups().stream())
                .filter(group -> group.files().anyMatch(member -> member.stem() != StemKind.OTHER) || needed)
                .forEach(group -> found.accept(needed ? misplaced(subject, group) : leftover(group)));
        for (ComponentFolder folder : subject.elsewhere()) {
            folder.groups().stream()
                    .filter(group -> !group.families().isEmpty())
                    .forEach(group -> elsewhere(subject, group).ifPresent(found));
        }
    }

    private static Finding misplaced(Subject subject, WeightGroup group) {
        Finding finding = Finding.of(Severity.ERROR, problem(subject, group));
        return subject.home(group).isPresent()
                ? finding.withRemedy(new Remedy.RepairFolder(subject.path(), false, Optional.empty()))
                : finding;
    }

    /// Files outside the folder that was given are the user's to move.
    private static Optional<Finding> elsewhere(Subject subject, WeightGroup group) {
        List<Path> files = group.files().map(WeightGroup.Member::file).toList();
        return subject.home(group)
                .map(home -> Finding.of(Severity.ERROR, problem(subject, group))
                        .withRemedy(new Remedy.Move(files, home.folder())));
    }

    private static Problem problem(Subject subject, WeightGroup group) {
        List<String> homes = subject.bare().stream()
                .filter(part -> part.mayOwn(group))
                .map(part -> part.component().folder() + "/")
                .toList();
        return Problem.of(
                ProblemCode.WRONG_DIRECTORY,
                Place.of(group.folder()),
                "checkpoints.doctor.wrong-directory",
                group.label(),
                homes.isEmpty() ? List.of("transformer/") : homes);
    }

    private static Finding leftover(WeightGroup group) {
        return Finding.of(
                Severity.INFO,
                Problem.of(
                        ProblemCode.LEFTOVERS,
                        Place.of(group.folder()),
                        "checkpoints.doctor.leftover-weights",
                        group.label()));
    }
}
