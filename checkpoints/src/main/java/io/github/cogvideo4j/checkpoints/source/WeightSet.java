package io.github.cogvideo4j.checkpoints.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The files that together hold one state dict.
sealed interface WeightSet {
    /// Weight files that trainers and libraries write, by their names; optimizer states and the like are none.
    Pattern SINGLE = Pattern.compile(
            "(?:diffusion_pytorch_model|pytorch_model|model)(?:\\.[A-Za-z0-9_]+)?\\.(?:safetensors|bin)");
    /// A shard: stem, number, count, ending (the variant may stand on either side of the number).
    Pattern SHARD = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})((?:\\.[A-Za-z0-9_]+)?\\.(?:safetensors|bin))");
    /// An index beside shards.
    Pattern INDEX =
            Pattern.compile(".+\\.(?:safetensors|bin)(?:\\.[A-Za-z0-9_]+)?\\.index(?:\\.[A-Za-z0-9_]+)?\\.json");

    /// What to call it.
    String name();

    /// One file.
    ///
    /// @param file the file
    record File(Path file) implements WeightSet {
        @Override
        public String name() {
            return String.valueOf(file.getFileName());
        }
    }

    /// Shards with an index.
    ///
    /// @param index the index
    record Indexed(Path index) implements WeightSet {
        @Override
        public String name() {
            return String.valueOf(index.getFileName());
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
        public String name() {
            return String.valueOf(shards.getFirst().getFileName());
        }
    }

    /// What a file that was named itself stands for.
    static WeightSet ofFile(Path file) {
        return INDEX.matcher(String.valueOf(file.getFileName())).matches() ? new Indexed(file) : new File(file);
    }

    /// The one set of weights in a folder.
    ///
    /// @throws InvalidCheckpointException `not-a-checkpoint` when there is none, `ambiguous-weights` when there
    /// are several
    static WeightSet find(Path folder) throws IOException {
        List<WeightSet> sets = candidates(folder);
        if (sets.size() == 1) {
            return sets.getFirst();
        }
        if (sets.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), "checkpoints.location.no-weights");
        }
        throw new InvalidCheckpointException(
                ProblemCode.AMBIGUOUS_WEIGHTS,
                Place.of(folder),
                "checkpoints.location.several-sets",
                sets.stream().map(WeightSet::name).collect(Collectors.joining(", ")));
    }

    private static List<WeightSet> candidates(Path folder) throws IOException {
        List<Path> indexes = new ArrayList<>();
        List<Path> singles = new ArrayList<>();
        Map<String, Map<Integer, Path>> shards = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, Files::isRegularFile)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                Matcher shard = SHARD.matcher(name);
                if (INDEX.matcher(name).matches()) {
                    indexes.add(file);
                } else if (shard.matches()) {
                    shards.computeIfAbsent(
                                    shard.group(1) + "-%05d-of-" + shard.group(3) + shard.group(4),
                                    _ -> new TreeMap<>())
                            .put(Integer.parseInt(shard.group(2)), file);
                } else if (SINGLE.matcher(name).matches()) {
                    singles.add(file);
                }
            }
        }
        return merged(folder, indexes, singles, shards);
    }

    /// An index stands for the files it names, and two indexes of the same files are one set.
    private static List<WeightSet> merged(
            Path folder, List<Path> indexes, List<Path> singles, Map<String, Map<Integer, Path>> shards)
            throws IOException {
        Map<IndexedFiles, Path> byContents = new TreeMap<>();
        for (Path index : indexes.stream().sorted().toList()) {
            byContents.putIfAbsent(IndexedFiles.of(index), index);
        }
        List<WeightSet> sets = new ArrayList<>();
        byContents.values().forEach(index -> sets.add(new Indexed(index)));
        for (Path single : singles) {
            if (byContents.keySet().stream().noneMatch(files -> files.names(single))) {
                sets.add(new File(single));
            }
        }
        for (Map.Entry<String, Map<Integer, Path>> set : shards.entrySet()) {
            if (byContents.keySet().stream()
                    .noneMatch(files -> set.getValue().values().stream().anyMatch(files::names))) {
                sets.add(complete(folder, set.getKey(), set.getValue()));
            }
        }
        return sets;
    }

    private static WeightSet complete(Path folder, String pattern, Map<Integer, Path> shards) {
        Matcher matcher = SHARD.matcher(pattern.formatted(1));
        int count = matcher.matches() ? Integer.parseInt(matcher.group(3)) : 0;
        List<Integer> missing = IntStream.rangeClosed(1, count)
                .filter(number -> !shards.containsKey(number))
                .boxed()
                .toList();
        if (!missing.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_SHARD,
                    Place.of(folder),
                    "checkpoints.location.incomplete-shards",
                    pattern.formatted(missing.getFirst()),
                    count);
        }
        return new Shards(folder, List.copyOf(shards.values()));
    }
}
