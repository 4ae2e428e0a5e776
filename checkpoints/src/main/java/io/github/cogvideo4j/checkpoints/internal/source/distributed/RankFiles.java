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
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.DistributedTensorValue;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The planner of the state dict of a folder in which every rank saved its own part:
/// `model_world_size_W_rank_R.pt`, files of `torch.save` whose values are `DTensor`s.
///
/// `Shard(d)` on a mesh dimension of W ranks cuts as `torch.chunk` does: ceil(n/W) indexes each, the last ranks
/// fewer or none. `Replicate` leaves the tensor whole on every rank of that dimension, so one of them is enough.
/// Source: torch 2.13, `torch/distributed/tensor/placement_types.py`.
public final class RankFiles {
    private static final Pattern NAME = Pattern.compile("model_world_size_(\\d{1,6})_rank_(\\d{1,6})\\.pt");
    private static final int DEEPEST = 4;
    private static final int MOST_NAMED = 8;

    private final Path folder;
    private final SourceOptions options;
    private final SourceFiles opened = new SourceFiles();
    private final Warnings warnings = new Warnings();
    private final RankPieces pieces = new RankPieces();

    private RankFiles(Path folder, SourceOptions options) {
        this.folder = folder;
        this.options = options;
    }

    /// Whether a folder holds such files.
    public static boolean isStateFolder(Path folder) throws IOException {
        return FolderListing.has(folder, "model_world_size_*_rank_*.pt", RankFiles::isPart);
    }

    /// Whether a file is one rank's part.
    public static boolean isPart(Path file) {
        return NAME.matcher(String.valueOf(file.getFileName())).matches() && Files.isRegularFile(file);
    }

    /// Reads the pickle of every rank's file and plans the state dict in the first rank's order.
    ///
    /// @param folder  the folder
    /// @param options how to choose
    /// @throws InvalidCheckpointException `missing-rank` when the files that are there do not have all of a
    ///     tensor, `mixed-world-size` or `mixed-checkpoints` when they do not belong together
    /// @throws io.github.cogvideo4j.formats.FormatException when one is damaged or unsafe
    public static Checkpoint plan(Path folder, SourceOptions options) throws IOException {
        return new RankFiles(folder, options).plan();
    }

    private Checkpoint plan() throws IOException {
        SortedMap<Integer, Path> ranks = new TreeMap<>();
        int world = worldSize(ranks);
        for (Map.Entry<Integer, Path> rank : ranks.entrySet()) {
            read(rank.getValue(), rank.getKey(), world);
        }
        requireRanks(ranks, world);
        List<StateEntry> entries = pieces.join().stream()
                .map(tensor -> new StateEntry(tensor, Role.PARAMETER))
                .toList();
        if (entries.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS,
                    Place.of(ranks.sequencedValues().getFirst()),
                    "checkpoints.plain.no-tensors");
        }
        return new Checkpoint(
                CheckpointKind.RANK_FILES,
                folder,
                options,
                entries,
                new TrainingState(
                        OptionalLong.empty(),
                        OptionalInt.empty(),
                        OptionalInt.of(world),
                        Optional.empty(),
                        new TreeMap<>(Map.of())),
                opened.identities(),
                warnings.all());
    }

    private int worldSize(SortedMap<Integer, Path> ranks) throws IOException {
        SortedMap<Integer, Path> worlds = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "model_world_size_*_rank_*.pt")) {
            for (Path file : files) {
                Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
                if (name.matches()) {
                    worlds.put(Integer.parseInt(name.group(1)), file);
                    ranks.put(Integer.parseInt(name.group(2)), file);
                }
            }
        }
        int world = worlds.firstKey();
        boolean several = worlds.size() > 1;
        if (several || ranks.lastKey() >= world) {
            throw new InvalidCheckpointException(
                    ProblemCode.MIXED_WORLD_SIZE,
                    Place.of(folder),
                    "checkpoints.distributed.mixed-worlds",
                    String.valueOf(worlds.sequencedValues().getFirst().getFileName()),
                    String.valueOf((several ? worlds : ranks)
                            .sequencedValues()
                            .getLast()
                            .getFileName()));
        }
        return world;
    }

    private void read(Path file, int rank, int world) throws IOException {
        PickleValue root = TorchFile.open(opened.note(file), warnings).root();
        PickleValue.Dict dict = root.asDict()
                .orElseThrow(() -> new InvalidCheckpointException(
                        ProblemCode.NOT_WEIGHTS, Place.of(file), "checkpoints.plain.not-a-state-dict", root));
        readDict(file, dict, "", 0, new Rank(rank, world));
    }

    /// Which file it is.
    private record Rank(int number, int world) {}

    private void readDict(Path file, PickleValue.Dict dict, String path, int depth, Rank rank) {
        for (Map.Entry<String, PickleValue> entry : dict.textEntries().entrySet()) {
            String name = path + entry.getKey();
            switch (entry.getValue()) {
                case DistributedTensorValue part -> pieces.add(name, piece(file, name, part, rank));
                case TensorValue whole -> {
                    StoredTensor stored = whole.stored(name);
                    pieces.add(
                            name, new RankPieces.Piece(file, Box.whole(stored.shape()), stored, sizes(file, stored)));
                }
                case PickleValue.Dict inner when depth < DEEPEST -> readDict(file, inner, name + ".", depth + 1, rank);
                default -> {} // Numbers and texts that a trainer put beside the tensors.
            }
        }
    }

    private static Optional<Shape> sizes(Path file, StoredTensor stored) {
        if (stored.shape().checkedNumel().isEmpty()) {
            throw new MalformedFileException(
                    ProblemCode.STORAGE_BOUNDS,
                    Place.of(file).tensor(stored.name()),
                    "checkpoints.distributed.part-sizes",
                    stored.name(),
                    stored.shape());
        }
        return Optional.of(stored.shape());
    }

    private RankPieces.Piece piece(Path file, String name, DistributedTensorValue value, Rank rank) {
        Place place = Place.of(file).tensor(name);
        if (value.rank().isPresent() && value.rank().getAsLong() != rank.number()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MIXED_CHECKPOINTS,
                    place,
                    "checkpoints.distributed.other-rank",
                    value.rank().getAsLong(),
                    rank.number());
        }
        boolean sensible = value.sizes().stream().allMatch(size -> size >= 0);
        if (!sensible || new Shape(value.sizes()).checkedNumel().isEmpty()) {
            throw new MalformedFileException(
                    ProblemCode.STORAGE_BOUNDS, place, "checkpoints.distributed.part-sizes", name, value.sizes());
        }
        Box box = Placements.of(value, place, rank.number(), rank.world());
        StoredTensor stored = value.local().stored(name);
        if (!stored.shape().sizes().equals(box.sizes())) {
            throw new InvalidCheckpointException(
                    ProblemCode.MIXED_CHECKPOINTS,
                    place,
                    "checkpoints.distributed.part-differs",
                    name,
                    value.sizes(),
                    rank.number(),
                    box.sizes(),
                    stored.shape());
        }
        return new RankPieces.Piece(file, box, stored, Optional.of(new Shape(value.sizes())));
    }

    /// A rank whose file is missing is always named; it is an error where the others do not have what it had.
    private void requireRanks(SortedMap<Integer, Path> ranks, int world) {
        List<String> missing = new ArrayList<>();
        for (int rank = 0; rank < world && missing.size() < MOST_NAMED; rank++) {
            if (!ranks.containsKey(rank)) {
                missing.add("model_world_size_" + world + "_rank_" + rank + ".pt");
            }
        }
        if (missing.isEmpty()) {
            return;
        }
        Optional<String> incomplete = pieces.firstIncomplete();
        if (incomplete.isPresent()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_RANK,
                    Place.of(folder).tensor(incomplete.get()),
                    "checkpoints.distributed.missing-rank",
                    missing,
                    ranks.size(),
                    world);
        }
        warnings.report(
                ProblemCode.CHOICE,
                Place.of(folder),
                "checkpoints.distributed.replica-missing",
                missing,
                ranks.size(),
                world);
    }
}
