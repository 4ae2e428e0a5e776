package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterManifest;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A comparison of a folder with the checkpoint it was made from, with every source opened.
///
/// @param folder  the folder
/// @param parts   what is compared with what; at least one
/// @param threads how many tensors at once
public record FolderComparison(Path folder, List<Counterpart> parts, int threads)
        implements JobPlan<VerificationReport> {
    /// Opens what a folder is to be compared with. A model with adapters is compared with its base and its
    /// adapters, fused again.
    ///
    /// @param folder   the folder, or the file of a merged adapter
    /// @param sources  the checkpoint, or the base model of a fused one; of a merged model, its sources in
    ///                 order
    /// @param adapters the adapters that were fused, in order
    /// @param base     the model that the changes of a merged model were taken against
    /// @param options  which of the source's weights are meant; when absent, what the folder's manifest says
    public static FolderComparison open(
            Path folder,
            List<Path> sources,
            List<Path> adapters,
            Optional<Path> base,
            Optional<SourceOptions> options,
            int threads)
            throws IOException {
        Path source = sources.getFirst();
        Optional<AdapterManifest> adapter = AdapterManifest.find(folder);
        Optional<Manifest.Merge> sum =
                adapter.flatMap(known -> known.manifest().source().merge());
        if (sum.isPresent()) {
            MergedAdapterCounterpart merged =
                    MergedAdapterCounterpart.open(folder, adapter.get(), sum.get(), sources, base, threads);
            return new FolderComparison(folder, List.of(merged.counterpart()), merged.threads());
        }
        Optional<Manifest> manifest = Files.isRegularFile(folder.resolve(Manifest.FILE_NAME))
                ? Optional.of(ManifestJson.read(folder))
                : Optional.empty();
        if (manifest.isPresent() && !manifest.get().source().adapters().isEmpty()) {
            Counterpart fused = new Counterpart(
                    folder.resolve(FusedSource.component(manifest.get())),
                    FusedSource.open(folder, source, manifest.get(), adapters));
            return new FolderComparison(folder, List.of(fused), threads);
        }
        SourceOptions chosen =
                options.or(() -> manifest.map(FolderComparison::recorded)).orElseGet(SourceOptions::defaults);
        Optional<Manifest.Merge> merge =
                manifest.flatMap(known -> known.source().merge());
        if (merge.isPresent()) {
            Counterpart merged = MergedCounterpart.open(folder, sources, base, manifest.get(), merge.get(), chosen);
            return new FolderComparison(folder, List.of(merged), threads);
        }
        if (sources.size() > 1 || base.isPresent()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.of(folder), "checkpoints.verify.not-merged", folder);
        }
        return new FolderComparison(folder, Counterpart.of(folder, source, chosen), threads);
    }

    private static SourceOptions recorded(Manifest manifest) {
        Manifest.Options options = manifest.options();
        return new SourceOptions(Optional.empty(), options.fromModule(), options.excludeFrozen());
    }

    @Override
    public VerificationReport run(JobControl control) throws IOException {
        List<Problem> problems = new ArrayList<>();
        List<Problem> warnings = new ArrayList<>();
        List<TensorDifference> differences = new ArrayList<>();
        int tensors = 0;
        long bytes = 0;
        for (Counterpart part : parts) {
            List<TensorDifference> found = SourceComparison.compare(part.weights(), part.source(), threads, control);
            found.forEach(difference -> problems.add(difference.problem(part.weights())));
            if (!found.isEmpty()) {
                equalElsewhere(part, control).ifPresent(problems::addFirst);
            }
            VerificationReport names = FolderVerification.names(folder, part.weights());
            problems.addAll(names.problems());
            warnings.addAll(names.warnings());
            differences.addAll(found);
            tensors += part.source().entries().size();
            bytes += part.source().entries().stream()
                    .mapToLong(entry -> entry.tensor().byteLength())
                    .sum();
        }
        Checkpoint last = parts.getLast().source();
        return new VerificationReport(
                folder,
                false,
                0,
                tensors,
                bytes,
                Optional.of(last.folder()),
                last.merge().map(merge -> merge.sources().size()).orElse(1),
                differences,
                problems,
                warnings);
    }

    /// Another component that the source equals, where it is not the one that it was compared with.
    private Optional<Problem> equalElsewhere(Counterpart part, JobControl control) throws IOException {
        JobControl silent = new JobControl(_ -> {}, control.cancellation());
        for (Counterpart other : part.alike(folder)) {
            if (SourceComparison.compare(other.weights(), other.source(), threads, silent)
                    .isEmpty()) {
                return Optional.of(Problem.of(
                        ProblemCode.WRONG_COMPONENT,
                        Place.of(part.weights()),
                        "checkpoints.verify.equals-another",
                        String.valueOf(other.weights().getFileName())));
            }
        }
        return Optional.empty();
    }
}
