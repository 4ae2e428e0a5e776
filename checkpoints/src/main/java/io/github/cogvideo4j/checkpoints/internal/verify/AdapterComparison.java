package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterContent;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterLocation;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterManifest;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterProof;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterReader;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A comparison of an adapter with the checkpoint that it was taken from: what `prune` keeps of a checkpoint that
/// holds one.
///
/// @param folder     the adapter's folder
/// @param written    the adapter in it
/// @param checkpoint the checkpoint
/// @param source     the adapter there, its most exact copy
public record AdapterComparison(Path folder, AdapterContent written, Path checkpoint, AdapterContent source)
        implements JobPlan<VerificationReport> {
    /// Opens the comparison, where a folder holds an adapter that has no manifest to tell otherwise.
    ///
    /// @throws InvalidCheckpointException `not-weights` when the checkpoint holds no adapter
    public static Optional<AdapterComparison> open(Path folder, Path checkpoint, SourceOptions options)
            throws IOException {
        Path file = folder.resolve(WeightFileName.ADAPTER);
        if (Files.exists(folder.resolve(Manifest.FILE_NAME))
                || AdapterManifest.find(folder).isPresent()
                || !AdapterLocation.isAdapter(file)) {
            return Optional.empty();
        }
        return Optional.of(new AdapterComparison(
                folder,
                AdapterReader.read(file),
                checkpoint,
                AdapterSource.openMasters(checkpoint, options).content()));
    }

    @Override
    public VerificationReport run(JobControl control) throws IOException {
        control.check();
        List<StoredTensor> tensors = written.modules().values().stream()
                .flatMap(module -> module.tensors())
                .toList();
        return new VerificationReport(
                folder,
                false,
                0,
                tensors.size(),
                tensors.stream().mapToLong(StoredTensor::byteLength).sum(),
                Optional.of(checkpoint),
                1,
                List.of(),
                difference().stream().toList(),
                List.of());
    }

    private Optional<Problem> difference() throws IOException {
        try {
            AdapterProof.requireUnderOtherNames(source, written);
            return Optional.empty();
        } catch (InvalidCheckpointException e) {
            Problem found = e.problem();
            return Optional.of(
                    switch (found.code()) {
                        case DIFFERENT ->
                            Problem.of(
                                    ProblemCode.DIFFERENT,
                                    found.place(),
                                    "checkpoints.verify.other-adapter",
                                    String.valueOf(checkpoint));
                        case EXTRA_TENSOR ->
                            Problem.of(
                                    ProblemCode.MISSING_TENSOR,
                                    Place.of(written.file()),
                                    "checkpoints.verify.adapter-lacks",
                                    found.place().tensor().orElse(""),
                                    String.valueOf(checkpoint));
                        default -> throw e;
                    });
        }
    }
}
