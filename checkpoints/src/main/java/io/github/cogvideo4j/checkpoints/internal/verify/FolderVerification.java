package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterManifest;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The proof that a folder is intact, without its source: against its manifest, or, where it has none, by its own
/// structure and values.
public final class FolderVerification {
    private final Path folder;
    private final Optional<Manifest> manifest;
    private final boolean deep;
    private final int threads;
    private final JobControl control;
    private final List<Problem> problems = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();

    private FolderVerification(
            Path folder, Optional<Manifest> manifest, boolean deep, int threads, JobControl control) {
        this.folder = folder;
        this.manifest = manifest;
        this.deep = deep;
        this.threads = threads;
        this.control = control;
    }

    /// Verifies a folder.
    ///
    /// @param path     a model's folder, or a transformer's; or an adapter that has a manifest beside it
    /// @param deep     whether linked files are hashed too, instead of being compared by size and time
    /// @param threads  how many tensors are read at once
    /// @param control receives the number of bytes that are done
    /// @throws io.github.cogvideo4j.formats.MalformedFileException `manifest` when the manifest itself is not sound
    public static VerificationReport verify(Path path, boolean deep, int threads, JobControl control)
            throws IOException {
        Optional<AdapterManifest> adapter = AdapterManifest.find(path);
        FolderVerification verification = adapter.isPresent()
                ? new FolderVerification(
                        adapter.get().folder(), Optional.of(adapter.get().manifest()), deep, threads, control)
                : new FolderVerification(path, manifest(path), deep, threads, control);
        return verification.verify(path);
    }

    private VerificationReport verify(Path shown) throws IOException {
        int files = 0;
        for (Manifest known : manifest.stream().toList()) {
            files = known.files().size();
            for (Manifest.FileEntry entry : known.files()) {
                problems.addAll(ManifestFileCheck.check(folder, entry, deep));
            }
        }
        SequencedMap<Path, List<Checkpoint>> parts = new LinkedHashMap<>();
        try {
            for (Path part : manifest.map(this::writtenParts).orElse(unwrittenParts())) {
                parts.put(part, Checkpoints.openEverySet(part));
            }
        } catch (FormatException e) {
            return failed(shown, files, e.problem());
        } catch (CheckpointException e) {
            return failed(shown, files, e.problem());
        }
        int tensors = 0;
        long bytes = 0;
        for (Map.Entry<Path, List<Checkpoint>> part : parts.entrySet()) {
            if (manifest.isEmpty()) {
                refuseTraining(part.getKey(), part.getValue());
            }
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
        return report(shown, files, tensors, bytes);
    }

    /// A training's state is no model yet, and has nothing that this checks.
    private static void refuseTraining(Path part, List<Checkpoint> sets) {
        for (Checkpoint set : sets) {
            if (set.kind().isTraining()) {
                throw new InvalidCheckpointException(Problem.of(
                                ProblemCode.NOT_WEIGHTS,
                                Place.of(part),
                                "checkpoints.verify.training",
                                set.kind().title())
                        .with(new Remedy.Convert(part, true, Optional.empty())));
            }
        }
    }

    private Path transformer() {
        return Counterpart.weightsOf(folder, Component.TRANSFORMER);
    }

    /// Of a folder that no conversion made: the models that diffuse, where it is a pipeline, else itself.
    private List<Path> unwrittenParts() throws IOException {
        List<Path> parts = new ArrayList<>();
        for (Map.Entry<String, ModelFolder.ListedComponent> component :
                ModelFolder.read(folder).components().entrySet()) {
            if (Counterpart.isModel(component.getKey(), component.getValue())) {
                parts.add(component.getValue().folder());
            }
        }
        return parts.isEmpty() ? List.of(transformer()) : parts;
    }

    /// The components' folders that a conversion filled, and the weight files that it put elsewhere.
    private List<Path> writtenParts(Manifest manifest) {
        List<Path> parts = manifest.files().stream()
                .filter(file -> file.origin() == Manifest.Origin.WEIGHTS)
                .map(Manifest.FileEntry::path)
                .map(path -> {
                    String parent = path.substring(0, Math.max(0, path.lastIndexOf('/')));
                    return folder.resolve(
                            Files.isDirectory(folder.resolve(parent)) && !parent.isEmpty() && !path.endsWith(".pt")
                                    ? parent
                                    : path);
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
        Map<String, Manifest.TensorEntry> own = new HashMap<>();
        // Names that components share stand behind the component's.
        for (Path folder : parts.keySet()) {
            String prefix = folder.getFileName() + "/";
            manifest.tensors().forEach((name, tensor) -> {
                if (name.startsWith(prefix)) {
                    expected.remove(name);
                    if (folder.equals(part)) {
                        own.put(name.substring(prefix.length()), tensor);
                    }
                }
            });
        }
        parts.forEach((other, sets) -> {
            if (!other.equals(part)) {
                sets.forEach(set -> set.entries().forEach(entry -> expected.remove(entry.name())));
            }
        });
        expected.putAll(own);
        return expected;
    }

    private void check(Path part, Checkpoint weights, Optional<Map<String, Manifest.TensorEntry>> expected)
            throws IOException {
        weights.warnings().stream()
                .filter(problem -> problem.code() != ProblemCode.CHOICE)
                .forEach(problems::add);
        checkNames(part, weights);
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

    private VerificationReport failed(Path shown, int files, Problem problem) {
        problems.add(problem);
        return report(shown, files, 0, 0);
    }

    private void checkNames(Path part, Checkpoint weights) throws IOException {
        if (!Files.isDirectory(part)) {
            return;
        }
        if (!Files.isRegularFile(part.resolve("config.json"))) {
            problems.add(Problem.of(ProblemCode.CONFIG_MISSING, Place.of(part), "checkpoints.verify.config-missing"));
        }
        NameCheck.Result names = NameCheck.check(part, weights, recorded(part));
        problems.addAll(names.problems());
        warnings.addAll(names.warnings());
    }

    private Optional<Manifest.Names> recorded(Path part) throws IOException {
        return recorded(folder, part);
    }

    /// What the manifest of a converted folder says of the names of a component.
    ///
    /// @param folder the converted folder
    /// @param part   the component's
    public static Optional<Manifest.Names> recorded(Path folder, Path part) throws IOException {
        return manifest(folder)
                .flatMap(known -> known.names().stream()
                        .filter(names -> folder.resolve(names.component()).equals(part))
                        .findFirst());
    }

    private static Optional<Manifest> manifest(Path folder) throws IOException {
        return Files.isRegularFile(folder.resolve(Manifest.FILE_NAME), LinkOption.NOFOLLOW_LINKS)
                ? Optional.of(ManifestJson.read(folder))
                : Optional.empty();
    }

    /// What is wrong with the names of weights that are compared with their source: equal bytes under names that
    /// no model has are no proof.
    ///
    /// @param folder  the model's folder, whose manifest may tell how the names were settled
    /// @param weights the component's folder, or a weight file
    public static VerificationReport names(Path folder, Path weights) throws IOException {
        FolderVerification verification = new FolderVerification(folder, Optional.empty(), false, 1, JobControl.none());
        boolean frozenLeftOut = manifest(folder)
                .filter(known -> known.options().excludeFrozen())
                .isPresent();
        if (Files.isDirectory(weights)) {
            for (Checkpoint set : Checkpoints.openEverySet(weights)) {
                NameCheck.Result names = NameCheck.check(weights, set, verification.recorded(weights));
                names.problems().stream()
                        .filter(problem -> !frozenLeftOut || problem.code() != ProblemCode.MISSING_TENSOR)
                        .forEach(verification.problems::add);
                verification.warnings.addAll(names.warnings());
            }
        }
        return verification.report(folder, 0, 0, 0);
    }

    private VerificationReport report(Path shown, int files, int tensors, long bytes) {
        return new VerificationReport(
                shown, manifest.isPresent(), files, tensors, bytes, Optional.empty(), 0, List.of(), problems, warnings);
    }
}
