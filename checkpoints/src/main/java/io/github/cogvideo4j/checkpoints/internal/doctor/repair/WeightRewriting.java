package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlan.Step;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.source.KeyPrefix;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The rewriting of weights without changing a value: safetensors with the names that inference looks for.
final class WeightRewriting {
    private WeightRewriting() {}

    /// Converts in the dtype of the source, and compares the result with it.
    static void rewrite(Step.Convert step, Path output, JobControl control) throws IOException {
        ConversionOptions options = ConversionOptions.defaults()
                .withDType(TargetDType.SOURCE)
                .withComponent(step.component())
                .withUnchecked(true)
                .withVerify(true);
        ConversionPlan plan = ConversionPlanner.plan(checkpoint(step.source()), output, Optional.empty(), options);
        Converter.convert(plan, control);
    }

    private static Checkpoint checkpoint(Step.Source source) throws IOException {
        return switch (source) {
            case Step.Source.WeightsSource weights -> ofGroup(weights);
            case Step.Source.Training training -> {
                Checkpoint opened = Checkpoints.open(training.folder(), SourceOptions.defaults());
                // The configuration is looked for beside the folder as a whole, not beside its tag.
                yield at(training.folder(), opened.kind(), opened.entries(), opened);
            }
        };
    }

    private static Checkpoint at(Path folder, CheckpointKind kind, List<StateEntry> entries, Checkpoint opened) {
        return new Checkpoint(
                kind, folder, opened.options(), entries, opened.training(), opened.files(), opened.warnings());
    }

    private static Checkpoint ofGroup(Step.Source.WeightsSource weights) throws IOException {
        SourceFiles files = new SourceFiles();
        for (WeightGroup.Member member : weights.group().files().toList()) {
            files.note(member.file());
        }
        List<StateEntry> entries = weights.group().contents().tensors().stream()
                .map(tensor -> new StateEntry(tensor, Role.PARAMETER))
                .toList();
        Path first = weights.group().members().firstEntry().getValue().file();
        Warnings warnings = new Warnings();
        return new Checkpoint(
                CheckpointKind.PLAIN_WEIGHTS,
                first,
                SourceOptions.defaults(),
                KeyPrefix.strip(entries, Place.of(first), warnings),
                TrainingState.unknown(),
                files.identities(),
                warnings.all());
    }
}
