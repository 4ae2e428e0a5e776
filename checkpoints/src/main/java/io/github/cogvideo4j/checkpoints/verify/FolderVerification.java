package io.github.cogvideo4j.checkpoints.verify;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigCheck;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.verify.ManifestFileCheck;
import io.github.cogvideo4j.checkpoints.internal.verify.TensorContents;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
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
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;

/// Proves a folder intact without its source: against its manifest, or, where it has none, by its own structure
/// and values.
public final class FolderVerification {
    private final Path folder;
    private final boolean deep;
    private final int threads;
    private final JobControl control;
    private final List<Problem> problems = new ArrayList<>();

    private FolderVerification(Path folder, boolean deep, int threads, JobControl control) {
        this.folder = folder;
        this.deep = deep;
        this.threads = threads;
        this.control = control;
    }

    /// Verifies a folder.
    ///
    /// @param folder   a model's folder, or a transformer's
    /// @param deep     whether linked files are hashed too, instead of being compared by size and time
    /// @param threads  how many tensors are read at once
    /// @param control told the bytes that are done
    /// @throws io.github.cogvideo4j.formats.MalformedFileException `manifest` when the manifest itself is not
    /// sound
    public static VerificationReport verify(Path folder, boolean deep, int threads, JobControl control)
            throws IOException {
        return new FolderVerification(folder, deep, threads, control).verify();
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
        SequencedMap<Path, List<Checkpoint>> parts = new LinkedHashMap<>();
        try {
            for (Path part : manifest.map(this::writtenParts).orElse(List.of(transformer()))) {
                parts.put(part, Checkpoints.openEverySet(part));
            }
        } catch (FormatException e) {
            return failed(manifest.isPresent(), files, e.problem());
        } catch (CheckpointException e) {
            return failed(manifest.isPresent(), files, e.problem());
        }
        int tensors = 0;
        long bytes = 0;
        for (Map.Entry<Path, List<Checkpoint>> part : parts.entrySet()) {
            Optional<Map<String, Manifest.TensorEntry>> expected =
                    manifest.map(known -> expected(known, part.getKey(), parts));
            for (Checkpoint set : part.getValue()) {
                check(part.getKey(), set, expected);
                tensors += set.entries().size();
                bytes += set.entries().stream()
                        .mapToLong(entry -> entry.tensor().byteLength())
                        .sum();
            }
        }
        return new VerificationReport(manifest.isPresent(), files, tensors, bytes, problems);
    }

    private Path transformer() {
        return Counterpart.weightsOf(folder, Component.TRANSFORMER);
    }

    /// The components' folders that a conversion filled, and the weight files that it put elsewhere.
    private List<Path> writtenParts(Manifest manifest) {
        Set<String> components =
                Arrays.stream(Component.values()).map(Component::folder).collect(Collectors.toSet());
        List<Path> parts = manifest.files().stream()
                .filter(file -> file.origin() == Manifest.Origin.WEIGHTS)
                .map(Manifest.FileEntry::path)
                .map(path -> {
                    String parent = path.substring(0, Math.max(0, path.lastIndexOf('/')));
                    return folder.resolve(components.contains(parent) ? parent : path);
                })
                .distinct()
                // What is gone has been reported with the files.
                .filter(Files::exists)
                .toList();
        return parts.isEmpty() ? List.of(transformer()) : parts;
    }

    /// The manifest's tensors that are not in another part.
    private static Map<String, Manifest.TensorEntry> expected(
            Manifest manifest, Path part, Map<Path, List<Checkpoint>> parts) {
        Map<String, Manifest.TensorEntry> expected = new HashMap<>(manifest.tensors());
        parts.forEach((other, sets) -> {
            if (!other.equals(part)) {
                sets.forEach(set -> set.entries().forEach(entry -> expected.remove(entry.name())));
            }
        });
        return expected;
    }

    private void check(Path part, Checkpoint weights, Optional<Map<String, Manifest.TensorEntry>> expected)
            throws IOException {
        weights.remarks().stream()
                .filter(problem -> problem.code() != ProblemCode.CHOICE)
                .forEach(problems::add);
        if (part.equals(transformer())) {
            checkConfiguration(weights);
        }
        List<StoredTensor> tensors =
                weights.entries().stream().map(entry -> entry.tensor()).toList();
        try {
            problems.addAll(
                    expected.isPresent()
                            ? TensorContents.againstManifest(part, tensors, expected.get(), threads, control)
                            : TensorContents.values(part, tensors, threads, control));
        } catch (FormatException e) {
            problems.add(e.problem());
        }
    }

    private VerificationReport failed(boolean manifest, int files, Problem problem) {
        problems.add(problem);
        return new VerificationReport(manifest, files, 0, 0, problems);
    }

    private void checkConfiguration(Checkpoint weights) throws IOException {
        Path config = transformer().resolve("config.json");
        if (!Files.isRegularFile(config)) {
            problems.add(Problem.of(
                    ProblemCode.CONFIG_MISSING, Place.of(transformer()), "checkpoints.verify.config-missing"));
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
