package io.github.cogvideo4j.checkpoints.verify;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.Progress;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.Manifest;
import io.github.cogvideo4j.checkpoints.convert.ManifestJson;
import io.github.cogvideo4j.checkpoints.model.ConfigCheck;
import io.github.cogvideo4j.checkpoints.model.NamedShape;
import io.github.cogvideo4j.checkpoints.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Proves a folder intact without its source: against its manifest, or, where it has none, by its own structure
/// and values.
public final class FolderVerification {
    private final Path folder;
    private final boolean deep;
    private final int threads;
    private final Progress progress;
    private final List<Problem> problems = new ArrayList<>();

    private FolderVerification(Path folder, boolean deep, int threads, Progress progress) {
        this.folder = folder;
        this.deep = deep;
        this.threads = threads;
        this.progress = progress;
    }

    /// Verifies a folder.
    ///
    /// @param folder   a model's folder, or a transformer's
    /// @param deep     whether linked files are hashed too, instead of being compared by size and time
    /// @param threads  how many tensors are read at once
    /// @param progress told the bytes that are done
    /// @throws io.github.cogvideo4j.formats.MalformedFileException `manifest` when the manifest itself is not
    /// sound
    public static VerificationReport verify(Path folder, boolean deep, int threads, Progress progress)
            throws IOException {
        return new FolderVerification(folder, deep, threads, progress).verify();
    }

    /// The folder that holds the weights: `transformer/` of a model, or the folder itself.
    public static Path weightsOf(Path folder) {
        Path component = folder.resolve(ConversionPlan.COMPONENT);
        return Files.isDirectory(component) ? component : folder;
    }

    private VerificationReport verify() throws IOException {
        boolean hasManifest = Files.isRegularFile(folder.resolve(Manifest.FILE_NAME), LinkOption.NOFOLLOW_LINKS);
        Optional<Manifest> manifest = hasManifest ? Optional.of(ManifestJson.read(folder)) : Optional.empty();
        int files = 0;
        for (Manifest known : manifest.stream().toList()) {
            files = known.files().size();
            for (Manifest.FileEntry entry : known.files()) {
                problems.addAll(ManifestFileCheck.check(folder, entry, deep));
            }
        }
        List<Checkpoint> sets;
        try {
            sets = Checkpoints.openEverySet(weightsOf(folder));
        } catch (FormatException e) {
            return failed(manifest.isPresent(), files, e.problem());
        } catch (CheckpointException e) {
            return failed(manifest.isPresent(), files, e.problem());
        }
        int tensors = 0;
        long bytes = 0;
        for (Checkpoint set : sets) {
            check(set, manifest);
            tensors += set.entries().size();
            bytes += set.entries().stream()
                    .mapToLong(entry -> entry.tensor().byteLength())
                    .sum();
        }
        return new VerificationReport(manifest.isPresent(), files, tensors, bytes, problems);
    }

    private void check(Checkpoint weights, Optional<Manifest> manifest) throws IOException {
        weights.remarks().stream()
                .filter(problem -> problem.code() != ProblemCode.CHOICE)
                .forEach(problems::add);
        checkConfiguration(weights);
        List<StoredTensor> tensors =
                weights.entries().stream().map(entry -> entry.tensor()).toList();
        try {
            problems.addAll(
                    manifest.isPresent()
                            ? TensorContents.againstManifest(
                                    weightsOf(folder), tensors, manifest.get().tensors(), threads, progress)
                            : TensorContents.values(weightsOf(folder), tensors, threads, progress));
        } catch (FormatException e) {
            problems.add(e.problem());
        }
    }

    private VerificationReport failed(boolean manifest, int files, Problem problem) {
        problems.add(problem);
        return new VerificationReport(manifest, files, 0, 0, problems);
    }

    private void checkConfiguration(Checkpoint weights) throws IOException {
        Path config = weightsOf(folder).resolve("config.json");
        if (!Files.isRegularFile(config)) {
            problems.add(Problem.of(
                    ProblemCode.CONFIG_MISSING, Place.of(weightsOf(folder)), "checkpoints.verify.config-missing"));
            return;
        }
        try {
            List<NamedShape> shapes = weights.entries().stream()
                    .map(entry -> NamedShape.of(entry.tensor()))
                    .toList();
            ConfigCheck.Result result =
                    ConfigCheck.compare(TransformerConfig.read(config), shapes, _ -> false, Place.of(config));
            problems.addAll(result.errors());
        } catch (FormatException e) {
            problems.add(e.problem());
        } catch (CheckpointException e) {
            problems.add(e.problem());
        }
    }
}
