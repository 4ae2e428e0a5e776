package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Stem;
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

/// Weights beside `transformer/`, or in a folder inside it.
final class WrongDirectoryRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.WRONG_DIRECTORY, ProblemCode.LEFTOVERS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        boolean needed = subject.transformer()
                .map(folder -> folder.groups().isEmpty())
                .orElse(subject.kind() == Subject.Kind.PIPELINE);
        Stream.concat(
                        subject.loose().stream(),
                        subject.transformer().stream().flatMap(folder -> folder.nested().stream()))
                .flatMap(folder -> folder.groups().stream())
                .filter(group -> group.files().anyMatch(member -> member.stem() != Stem.OTHER) || needed)
                .forEach(group -> found.accept(needed ? misplaced(subject, group) : leftover(group)));
        for (ComponentFolder folder : subject.elsewhere()) {
            folder.groups().stream()
                    .filter(WeightGroup::isTransformer)
                    .forEach(group -> found.accept(elsewhere(subject, group)));
        }
    }

    private static Finding misplaced(Subject subject, WeightGroup group) {
        return Finding.of(
                        Severity.ERROR,
                        Problem.of(
                                ProblemCode.WRONG_DIRECTORY,
                                Place.of(group.folder()),
                                "checkpoints.doctor.wrong-directory",
                                group.label()))
                .withRemedy(new Remedy.Repair(subject.path(), false, Optional.empty()));
    }

    /// Files outside the folder that was given are the user's to move.
    private static Finding elsewhere(Subject subject, WeightGroup group) {
        Path transformer = subject.transformer().map(ComponentFolder::folder).orElse(subject.path());
        List<Path> files = group.files().map(WeightGroup.Member::file).toList();
        return Finding.of(
                        Severity.ERROR,
                        Problem.of(
                                ProblemCode.WRONG_DIRECTORY,
                                Place.of(group.folder()),
                                "checkpoints.doctor.wrong-directory",
                                group.label()))
                .withRemedy(new Remedy.Move(files, transformer));
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
