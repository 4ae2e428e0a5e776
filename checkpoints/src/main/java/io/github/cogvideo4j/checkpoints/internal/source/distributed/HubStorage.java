package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.FolderListing;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// The planner of the state dict of a `torch.distributed.checkpoint` in Hugging Face storage:
/// `shard-RRRRR-model-XXXXX-of-YYYYY.safetensors`, where R counts ranks from 1 and Y output files. Every file says
/// in its header, under `DCP_SHARDING_INFO`, at which offsets its pieces of the tensors begin. A tensor's whole
/// sizes are written nowhere: they are as far as its pieces reach.
///
/// Source: torch 2.13, `torch/distributed/checkpoint/hf_storage.py` and `_hf_utils.py`.
public final class HubStorage {
    private static final Pattern NAME =
            Pattern.compile("shard-(\\d{5,9})-model-(\\d{5,9})-of-(\\d{5,9})\\.safetensors");
    private static final String SHARDING = "DCP_SHARDING_INFO";
    private static final String VERSION = "DCP_VERSION";
    private static final int MOST_NAMED = 8;

    private final Path folder;
    private final SourceOptions options;
    private final SourceFiles opened = new SourceFiles();
    private final Warnings warnings = new Warnings();
    private final RankPieces pieces = new RankPieces();

    private HubStorage(Path folder, SourceOptions options) {
        this.folder = folder;
        this.options = options;
    }

    /// Which piece a file is.
    ///
    /// @param rank  the rank, from 1
    /// @param file  the output file, from 1
    /// @param files how many output files there are
    private record Piece(int rank, int file, int files) implements Comparable<Piece> {
        static Optional<Piece> of(Path path) {
            Matcher name = NAME.matcher(String.valueOf(path.getFileName()));
            return name.matches()
                    ? Optional.of(new Piece(
                            Integer.parseInt(name.group(1)),
                            Integer.parseInt(name.group(2)),
                            Integer.parseInt(name.group(3))))
                    : Optional.empty();
        }

        @Override
        public int compareTo(Piece other) {
            int files = Integer.compare(file, other.file);
            return files != 0 ? files : Integer.compare(rank, other.rank);
        }

        String name() {
            return "shard-%05d-model-%05d-of-%05d.safetensors".formatted(rank, file, files);
        }
    }

    /// Whether a folder holds such files.
    public static boolean isStateFolder(Path folder) throws IOException {
        return FolderListing.has(folder, "shard-*-model-*-of-*.safetensors", HubStorage::isPart);
    }

    /// Whether a file is a piece of such a checkpoint.
    public static boolean isPart(Path file) {
        return Piece.of(file).isPresent() && Files.isRegularFile(file);
    }

    /// Reads the header of every file and plans the state dict in the order of the files.
    ///
    /// @param folder  the folder
    /// @param options how to choose
    /// @throws InvalidCheckpointException `missing-shard` or `missing-rank` when a piece is missing,
    ///     `mixed-checkpoints` when files do not belong together
    /// @throws io.github.cogvideo4j.formats.FormatException when one is damaged
    public static Checkpoint plan(Path folder, SourceOptions options) throws IOException {
        return new HubStorage(folder, options).plan();
    }

    private Checkpoint plan() throws IOException {
        SortedMap<Piece, Path> files = files();
        SortedMap<String, String> versions = new TreeMap<>();
        Map<Integer, Long> longest = new HashMap<>();
        for (Map.Entry<Piece, Path> file : files.entrySet()) {
            SafetensorsFile opened =
                    SafetensorsFile.open(this.opened.note(file.getValue()), options.strictness(), warnings);
            for (StoredTensor tensor : opened.tensors()) {
                long rows = tensor.shape().rank() == 0 ? 1 : tensor.shape().size(0);
                longest.merge(file.getKey().file(), rows, Math::max);
            }
            Optional.ofNullable(opened.metadata().get(VERSION))
                    .ifPresent(version -> versions.put("torch.distributed.checkpoint", version));
            read(opened);
        }
        int ranks = files.keySet().stream().mapToInt(Piece::rank).max().orElse(0);
        requireComplete(files, ranks, longest);
        List<StoredTensor> tensors = pieces.join();
        if (tensors.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, Place.of(folder), "checkpoints.plain.no-tensors");
        }
        String next = "shard-%05d-model-...".formatted(ranks + 1);
        WholeRows.require(tensors, folder, next);
        if (!WholeRows.isProven(tensors, pieces.firstRows(), ranks)) {
            warnings.report(
                    ProblemCode.MISSING_RANK, Place.of(folder), "checkpoints.distributed.ranks-unproven", ranks, next);
        }
        return new Checkpoint(
                CheckpointKind.HUB_STORAGE,
                folder,
                options,
                tensors.stream()
                        .map(tensor -> new StateEntry(tensor, Role.PARAMETER))
                        .toList(),
                new TrainingState(
                        OptionalLong.empty(), OptionalInt.empty(), OptionalInt.of(ranks), Optional.empty(), versions),
                opened.identities(),
                warnings.all());
    }

    private SortedMap<Piece, Path> files() throws IOException {
        SortedMap<Piece, Path> found = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "shard-*-model-*-of-*.safetensors")) {
            for (Path file : files) {
                Piece.of(file).ifPresent(number -> found.put(number, file));
            }
        }
        int count = found.firstKey().files();
        for (Piece number : found.keySet()) {
            if (number.files() != count || number.file() > count || number.file() < 1 || number.rank() < 1) {
                throw new InvalidCheckpointException(
                        ProblemCode.MIXED_CHECKPOINTS,
                        Place.of(folder),
                        "checkpoints.distributed.mixed-shards",
                        found.firstKey().name(),
                        number.name());
            }
        }
        return found;
    }

    private void read(SafetensorsFile file) {
        Place place = Place.of(file.path());
        String text = Optional.ofNullable(file.metadata().get(SHARDING))
                .orElseThrow(() -> new MalformedFileException(
                        ProblemCode.ST_HEADER, place, "checkpoints.distributed.no-sharding", SHARDING));
        JsonNode sharding = JsonFile.parseObject(text, place, ProblemCode.ST_HEADER);
        for (StoredTensor tensor : file.tensors()) {
            Box box = new Box(
                    offsets(place.tensor(tensor.name()), tensor, sharding.path(tensor.name())),
                    tensor.shape().sizes());
            if (!pieces.add(tensor.name(), new RankPieces.Piece(file.path(), box, tensor, Optional.empty()))) {
                throw new MalformedFileException(
                        ProblemCode.NUMEL_MISMATCH,
                        place.tensor(tensor.name()),
                        "checkpoints.distributed.overlap",
                        tensor.name(),
                        box,
                        box);
            }
        }
    }

    private static List<Long> offsets(Place place, StoredTensor tensor, JsonNode entry) {
        JsonNode saved = entry.path("saved_offsets");
        List<Long> offsets = new ArrayList<>();
        boolean sensible = saved.isArray() && saved.size() == tensor.shape().rank();
        for (int d = 0; sensible && d < saved.size(); d++) {
            sensible = saved.get(d).isIntegralNumber()
                    && saved.get(d).canConvertToLong()
                    && saved.get(d).longValue() >= 0
                    && saved.get(d).longValue()
                            <= Long.MAX_VALUE - tensor.shape().size(d);
            offsets.add(sensible ? saved.get(d).longValue() : 0L);
        }
        if (!sensible) {
            throw new MalformedFileException(
                    ProblemCode.ST_HEADER,
                    place,
                    "checkpoints.distributed.saved-offsets",
                    tensor.name(),
                    tensor.shape(),
                    entry);
        }
        return offsets;
    }

    /// When all pieces of an output file are missing, whole tensors are; when some are, tensors have gaps.
    private void requireComplete(SortedMap<Piece, Path> files, int ranks, Map<Integer, Long> longest) {
        int count = files.firstKey().files();
        Set<Integer> present = files.keySet().stream().map(Piece::file).collect(Collectors.toSet());
        List<String> absent = new ArrayList<>();
        for (int file = 1; file <= count && absent.size() < MOST_NAMED; file++) {
            if (!present.contains(file)) {
                absent.add(new Piece(1, file, count).name());
            }
        }
        if (!absent.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_SHARD,
                    Place.of(folder),
                    "checkpoints.distributed.missing-output",
                    absent,
                    count);
        }
        Optional<String> incomplete = pieces.firstIncomplete();
        for (int file = 1; file <= count && absent.size() < MOST_NAMED; file++) {
            // Each of W ranks gets ceil(n/W) of n rows while rows are left; where that is more than W, every
            // rank has some.
            boolean everyRank = pieces.cut() && longest.getOrDefault(file, 0L) > ranks + 1L;
            for (int rank = 1; rank <= ranks && absent.size() < MOST_NAMED; rank++) {
                Piece number = new Piece(rank, file, count);
                if (!files.containsKey(number) && (everyRank || incomplete.isPresent())) {
                    absent.add(number.name());
                }
            }
        }
        if (incomplete.isEmpty() && !absent.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_RANK, Place.of(folder), "checkpoints.distributed.missing-rows", absent, ranks);
        }
        if (incomplete.isEmpty()) {
            return;
        }
        throw new InvalidCheckpointException(
                ProblemCode.MISSING_RANK,
                Place.of(folder).tensor(incomplete.get()),
                "checkpoints.distributed.missing-piece",
                incomplete.get(),
                absent);
    }
}
