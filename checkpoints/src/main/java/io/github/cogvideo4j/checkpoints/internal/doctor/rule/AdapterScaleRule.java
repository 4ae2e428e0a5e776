package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
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

/// A LoRA that does not say by how much it is to be scaled: readers then take alpha to be the rank.
public final class AdapterScaleRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.LORA_ALPHA, ProblemCode.NOT_WEIGHTS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) {
        for (Subject.Adapter adapter : subject.adapters()) {
            if (adapter.empty()) {
                found.accept(Finding.of(
                                Severity.WARNING,
                                Problem.of(
                                        ProblemCode.NOT_WEIGHTS,
                                        Place.of(adapter.file()),
                                        "checkpoints.doctor.empty-adapter"))
                        .withRemedy(new Remedy.ExportAdapter(folderOf(adapter.file()))));
            } else if (!adapter.alpha()) {
                found.accept(Finding.of(
                                Severity.WARNING,
                                Problem.of(
                                        ProblemCode.LORA_ALPHA,
                                        Place.of(adapter.file()),
                                        "checkpoints.doctor.lora-alpha",
                                        adapter.rank()))
                        .withRemedy(new Remedy.FuseAdapter(Optional.of(adapter.file()), true)));
            }
        }
    }

    /// The checkpoint, where the training state lies beside the adapter.
    private static Path folderOf(Path adapter) {
        Path folder = adapter.getParent();
        return folder == null ? adapter : folder;
    }
}
