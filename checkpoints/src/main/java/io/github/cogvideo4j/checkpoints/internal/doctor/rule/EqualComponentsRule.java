package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.GroupComparison;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Two trained components of one class with the same weights: the pipeline loads, and what one of them was is lost.
/// NameFindings and shapes of two experts agree always, so every value is compared.
///
/// @param threads how many tensors are read at once
public record EqualComponentsRule(int threads) implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.DUPLICATE_WEIGHTS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        List<Part> trained = subject.parts().stream().filter(Part::trained).toList();
        for (int i = 0; i < trained.size(); i++) {
            for (int j = i + 1; j < trained.size(); j++) {
                compare(trained.get(i), trained.get(j), found);
            }
        }
    }

    private void compare(Part first, Part second, Consumer<Finding> found) throws IOException {
        Optional<WeightGroup> left = only(first);
        Optional<WeightGroup> right = only(second);
        if (left.isPresent()
                && right.isPresent()
                && first.className().equals(second.className())
                && GroupComparison.compare(left.get(), right.get(), true, threads) == GroupComparison.Result.EQUAL) {
            found.accept(Finding.of(
                    Severity.WARNING,
                    Problem.of(
                            ProblemCode.DUPLICATE_WEIGHTS,
                            Place.of(second.folder()),
                            "checkpoints.doctor.equal-components",
                            first.component().folder(),
                            second.component().folder())));
        }
    }

    private static Optional<WeightGroup> only(Part part) {
        List<WeightGroup> groups = part.files().plainGroups();
        return groups.size() == 1 ? Optional.of(groups.getFirst()) : Optional.empty();
    }
}
