package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.Configurations;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigCheck;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.source.KeyPrefix;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// The weights against the configuration beside them: names and sizes, a wrapper's prefix, an adapter that was
/// not merged.
final class FitsConfigRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(
                ProblemCode.MISSING_TENSOR,
                ProblemCode.EXTRA_TENSOR,
                ProblemCode.SHAPE_MISMATCH,
                ProblemCode.LORA_UNMERGED,
                ProblemCode.WRONG_COMPONENT,
                ProblemCode.KEY_PREFIX);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        Optional<TransformerConfig> config = Configurations.transformer(subject);
        for (WeightGroup group : groups(subject)) {
            List<StateEntry> entries = group.contents().tensors().stream()
                    .map(tensor -> new StateEntry(tensor, Role.PARAMETER))
                    .toList();
            Problems prefixes = new Problems();
            List<StateEntry> stripped = KeyPrefix.strip(entries, place(group), prefixes);
            prefixes.all()
                    .forEach(problem -> found.accept(Finding.of(
                                    Severity.ERROR,
                                    Problem.of(
                                            ProblemCode.KEY_PREFIX,
                                            problem.place(),
                                            "checkpoints.doctor.key-prefix",
                                            problem.message().arguments().getFirst()))
                            .withRemedy(new Remedy.Repair(subject.path(), true, Optional.empty()))));
            if (config.isPresent() && group.isComplete()) {
                List<NamedShape> shapes = stripped.stream()
                        .map(entry -> NamedShape.of(entry.tensor()))
                        .toList();
                ConfigCheck.Result result = ConfigCheck.compare(config.get(), shapes, _ -> false, place(group));
                result.errors().forEach(problem -> found.accept(Finding.of(Severity.ERROR, problem)));
                result.warnings().forEach(problem -> found.accept(Finding.of(Severity.WARNING, problem)));
            }
        }
    }

    /// The transformer's own weights, else those that belong there.
    private static List<WeightGroup> groups(Subject subject) {
        return subject.transformer().stream()
                .flatMap(folder -> folder.groups().stream())
                .toList();
    }

    private static Place place(WeightGroup group) {
        return Place.of(group.members().firstEntry().getValue().file());
    }
}
