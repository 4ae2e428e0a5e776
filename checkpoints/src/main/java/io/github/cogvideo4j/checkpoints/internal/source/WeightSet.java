package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.HubStorage;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.internal.OtherFormat;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The files that together hold one state dict.
public sealed interface WeightSet {
    /// Stems of the weight files that trainers and libraries write; optimizer states and the like have others.
    Set<String> STEMS = Set.of(WeightFileName.DIFFUSERS_STEM, "pytorch_model", "model", "pytorch_model_fsdp");

    /// The names of the files by which a user would choose it.
    List<String> names();

    /// One file.
    ///
    /// @param file the file
    record File(Path file) implements WeightSet {
        @Override
        public List<String> names() {
            return List.of(String.valueOf(file.getFileName()));
        }
    }

    /// Shards with an index.
    ///
    /// @param index the index
    record Indexed(Path index) implements WeightSet {
        @Override
        public List<String> names() {
            return List.of(String.valueOf(index.getFileName()));
        }
    }

    /// Shards whose index is gone.
    ///
    /// @param folder their folder
    /// @param shards all of them, in order
    record Shards(Path folder, List<Path> shards) implements WeightSet {
        /// Copies the list.
        public Shards {
            shards = List.copyOf(shards);
        }

        @Override
        public List<String> names() {
            return List.of(String.valueOf(shards.getFirst().getFileName()));
        }
    }

    /// The models of one training, a file each: accelerate numbers those after the first.
    ///
    /// @param files the files, the first model's first
    record Models(List<Path> files) implements WeightSet {
        /// Copies the list.
        public Models {
            files = List.copyOf(files);
        }

        @Override
        public List<String> names() {
            return files.stream()
                    .map(file -> String.valueOf(file.getFileName()))
                    .toList();
        }
    }

    /// What a file that was named itself stands for.
    static WeightSet ofFile(Path file) {
        return WeightFileName.parse(String.valueOf(file.getFileName()))
                        .map(WeightFileName::index)
                        .orElse(false)
                ? new Indexed(file)
                : new File(file);
    }

    /// The one set of weights in a folder.
    ///
    /// @throws InvalidCheckpointException `not-a-checkpoint` when there is none, `ambiguous-weights` when there
    /// are several
    static WeightSet find(Path folder) throws IOException {
        List<WeightSet> sets = candidates(folder);
        if (sets.size() == 1) {
            return sets.getFirst() instanceof File(Path file) && TrainerFolders.isCheckpoint(folder)
                    ? withFurtherModels(folder, file)
                    : sets.getFirst();
        }
        if (sets.isEmpty()) {
            throw none(folder);
        }
        throw new InvalidCheckpointException(
                ProblemCode.AMBIGUOUS_WEIGHTS,
                Place.of(folder),
                "checkpoints.location.several-sets",
                sets.stream().flatMap(set -> set.names().stream()).toList());
    }

    private static WeightSet withFurtherModels(Path folder, Path first) {
        Optional<WeightFileName> name = WeightFileName.parse(String.valueOf(first.getFileName()));
        List<Path> models = new ArrayList<>(List.of(first));
        if (name.isPresent() && name.get().variant().isEmpty()) {
            for (boolean more = true; more; ) {
                Path next = folder.resolve("%s_%d.%s"
                        .formatted(name.get().stem(), models.size(), name.get().extension()));
                more = Files.isRegularFile(next);
                if (more) {
                    models.add(next);
                }
            }
        }
        return models.size() == 1 ? new File(first) : new Models(models);
    }

    /// A folder with a configuration was meant as a component, not as what a trainer wrote.
    private static InvalidCheckpointException none(Path folder) throws IOException {
        for (Path file : sortedFiles(folder)) {
            Optional<OtherFormat> other = OtherFormat.ofName(String.valueOf(file.getFileName()));
            if (other.filter(format -> format != OtherFormat.NUMPY).isPresent()) {
                throw other.get().refusal(Place.of(file));
            }
        }
        if (!Files.isRegularFile(folder.resolve("config.json"))) {
            return new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), "checkpoints.location.no-weights");
        }
        String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
        String stem = Component.named(name).stem();
        return new InvalidCheckpointException(Problem.of(
                        ProblemCode.NOT_A_CHECKPOINT,
                        Place.of(folder),
                        "checkpoints.location.component-without-weights",
                        stem + ".safetensors",
                        stem + ".bin",
                        stem + ".safetensors.index.json")
                .with(new Remedy.Diagnose(folder, false)));
    }

    /// All sets in a folder, in the order of their names.
    static List<WeightSet> candidates(Path folder) throws IOException {
        List<Path> indexes = new ArrayList<>();
        List<Path> singles = new ArrayList<>();
        Map<WeightFileName, Map<Integer, Path>> shards = new LinkedHashMap<>();
        for (Path file : sortedFiles(folder)) {
            Optional<WeightFileName> parsed = WeightFileName.parse(String.valueOf(file.getFileName()));
            // One rank's rows of every tensor are no shard of a model.
            if (parsed.isEmpty() || HubStorage.isPart(file)) {
                continue;
            }
            WeightFileName name = parsed.get();
            if (name.index()) {
                indexes.add(file);
            } else if (name.shard().isPresent()) {
                shards.computeIfAbsent(setOf(name), _ -> new TreeMap<>())
                        .put(name.shard().get().number(), file);
            } else if (STEMS.contains(name.stem())) {
                singles.add(file);
            }
        }
        return merged(folder, indexes, singles, shards);
    }

    /// The name that all shards of a set share, with the number 1 in place of theirs.
    private static WeightFileName setOf(WeightFileName name) {
        return new WeightFileName(
                name.stem(),
                name.variant(),
                name.shard().map(shard -> new WeightFileName.Shard(1, shard.count())),
                name.extension(),
                false);
    }

    private static List<Path> sortedFiles(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, Files::isRegularFile)) {
            files.forEach(found::add);
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    /// An index stands for the files it names, and two indexes of the same files are one set.
    private static List<WeightSet> merged(
            Path folder, List<Path> indexes, List<Path> singles, Map<WeightFileName, Map<Integer, Path>> shards)
            throws IOException {
        Map<IndexedFiles, Path> byContents = new LinkedHashMap<>();
        for (Path index : indexes) {
            byContents.putIfAbsent(IndexedFiles.of(index), index);
        }
        List<WeightSet> sets = new ArrayList<>();
        byContents.values().forEach(index -> sets.add(new Indexed(index)));
        for (Path single : singles) {
            if (byContents.keySet().stream().noneMatch(files -> files.mean(single))) {
                sets.add(new File(single));
            }
        }
        for (Map.Entry<WeightFileName, Map<Integer, Path>> set : shards.entrySet()) {
            if (byContents.keySet().stream()
                    .noneMatch(files -> set.getValue().values().stream().anyMatch(files::mean))) {
                sets.add(complete(folder, set.getKey(), set.getValue()));
            }
        }
        return sets;
    }

    private static WeightSet complete(Path folder, WeightFileName first, Map<Integer, Path> shards) {
        int count = first.shard().map(WeightFileName.Shard::count).orElse(0);
        for (int number = 1; number <= count; number++) {
            if (!shards.containsKey(number)) {
                throw new InvalidCheckpointException(
                        ProblemCode.MISSING_SHARD,
                        Place.of(folder),
                        "checkpoints.location.incomplete-shards",
                        "%s-%05d-of-%05d".formatted(first.stem(), number, count),
                        count);
            }
        }
        return new Shards(folder, List.copyOf(shards.values()));
    }
}
