package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.internal.index.ShardedWeights;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The planner of a plain state dict: one weight file, or shards.
public final class PlainWeights {
    private final Warnings warnings = new Warnings();
    private final SourceFiles opened = new SourceFiles();

    private final SourceOptions options;
    private TrainingState training = TrainingState.unknown();

    private PlainWeights(SourceOptions options) {
        this.options = options;
    }

    /// Opens the files of a set.
    public static Checkpoint plan(WeightSet set, SourceOptions options) throws IOException {
        return switch (set) {
            case WeightSet.File file -> ofFile(file.file(), options);
            case WeightSet.Indexed indexed -> ofIndex(indexed.index(), options);
            case WeightSet.Shards shards -> ofShards(shards.folder(), shards.shards(), options);
            case WeightSet.Models models -> ofModels(models, options);
        };
    }

    private static Checkpoint ofFile(Path file, SourceOptions options) throws IOException {
        PlainWeights plain = new PlainWeights(options);
        return plain.checkpoint(file, file, plain.read(file));
    }

    private static Checkpoint ofIndex(Path index, SourceOptions options) throws IOException {
        PlainWeights plain = new PlainWeights(options);
        WeightIndex parsed = WeightIndex.read(plain.opened.note(index), options.strictness(), plain.warnings);
        ShardedWeights weights = ShardedWeights.resolve(index, parsed, plain::read);
        if (weights.firstError().isPresent()) {
            throw new InvalidCheckpointException(weights.firstError().get());
        }
        weights.warnings().forEach(plain.warnings::report);
        return plain.checkpoint(folderOf(index), index, weights.tensors());
    }

    private static Checkpoint ofShards(Path folder, List<Path> shards, SourceOptions options) throws IOException {
        PlainWeights plain = new PlainWeights(options);
        List<StoredTensor> tensors = new ArrayList<>();
        for (Path shard : shards) {
            tensors.addAll(plain.read(shard));
        }
        plain.warnings.report(ProblemCode.INDEX_MISSING, Place.of(folder), "checkpoints.plain.no-index", shards.size());
        return plain.checkpoint(folder, folder, tensors);
    }

    /// All models under one table: their names have the file's before them, for whoever knows the names of the model
    /// that is meant to judge.
    private static Checkpoint ofModels(WeightSet.Models models, SourceOptions options) throws IOException {
        PlainWeights plain = new PlainWeights(options);
        List<StoredTensor> tensors = new ArrayList<>();
        for (Path file : models.files()) {
            String name = String.valueOf(file.getFileName());
            String model = name.substring(0, name.lastIndexOf('.') + 1);
            plain.read(file).forEach(tensor -> tensors.add(tensor.withName(model + tensor.name())));
        }
        Path folder = folderOf(models.files().getFirst());
        plain.warnings.report(
                ProblemCode.CHOICE,
                Place.of(folder),
                "checkpoints.plain.several-models",
                models.files().size(),
                models.names());
        return plain.checkpoint(folder, folder, tensors);
    }

    private List<StoredTensor> read(Path path) throws IOException {
        WeightFileReader.Opened file = WeightFileReader.open(opened.note(path), options.strictness(), warnings);
        training = file.training();
        return file.tensors();
    }

    private Checkpoint checkpoint(Path folder, Path origin, List<StoredTensor> tensors) throws IOException {
        if (tensors.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, Place.of(origin), "checkpoints.plain.no-tensors");
        }
        UngatheredCheck.refuse(origin, tensors);
        ScaledFloat8.judge(Place.of(origin), tensors, warnings);
        List<StateEntry> entries = tensors.stream()
                .map(tensor -> new StateEntry(tensor, Role.PARAMETER))
                .toList();
        requireUnique(entries, origin);
        return new Checkpoint(
                CheckpointKind.PLAIN_WEIGHTS,
                folder,
                options,
                TiedWeights.strip(KeyPrefix.strip(entries, Place.of(origin), warnings), Place.of(origin), warnings),
                training,
                opened.identities(),
                warnings.all());
    }

    private static void requireUnique(List<StateEntry> entries, Path origin) {
        java.util.Set<String> seen = new java.util.HashSet<>();
        for (StateEntry entry : entries) {
            if (!seen.add(entry.name())) {
                throw new InvalidCheckpointException(Problem.of(
                        ProblemCode.INDEX_MISMATCH,
                        Place.of(origin).tensor(entry.name()),
                        "checkpoints.plain.tensor-twice",
                        entry.name()));
            }
        }
    }

    private static Path folderOf(Path file) {
        Path parent = file.getParent();
        return parent == null ? Path.of(".") : parent;
    }
}
