package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.ConfigFiles;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// fp16 weights of a model that was trained in bf16, whose activations leave fp16's range.
public final class HalfPrecisionRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.OVERFLOW);
    }

    /// Every published model with rotary positions was trained in bf16, the one without in fp16.
    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        Optional<TransformerConfig> config = ConfigFiles.transformer(subject);
        if (config.filter(TransformerConfig::useRotaryPositionalEmbeddings).isEmpty()) {
            return;
        }
        List<WeightGroup> groups = subject.parts().stream()
                .filter(part -> part.follows("bf16-activations"))
                .flatMap(part -> part.files().plainGroups().stream())
                .toList();
        for (WeightGroup group : groups) {
            List<StoredTensor> tensors = group.contents().tensors();
            if (!tensors.isEmpty() && tensors.stream().allMatch(tensor -> tensor.dtype() == DType.F16)) {
                found.accept(Finding.of(
                        Severity.WARNING,
                        Problem.of(
                                ProblemCode.OVERFLOW,
                                Place.of(group.members().firstEntry().getValue().file()),
                                "checkpoints.doctor.half-precision")));
            }
        }
    }
}
