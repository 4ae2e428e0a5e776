package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.KeyPrefix;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.ChunkKey;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.ChunkPlace;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.ShardedTensor;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The planner of the state dict of a `torch.distributed.checkpoint` folder.
public final class DistributedCheckpoint {
    private static final String METADATA = ".metadata";

    private static final Pattern CHUNK_FILE = Pattern.compile("__(\\d{1,6})_\\d{1,6}\\.distcp");

    private final Path folder;
    private final SourceOptions options;
    private final SourceFiles opened = new SourceFiles();
    private final Warnings warnings = new Warnings();

    private DistributedCheckpoint(Path folder, SourceOptions options) {
        this.folder = folder;
        this.options = options;
    }

    /// Whether a folder is a distributed checkpoint itself.
    public static boolean isStateFolder(Path folder) {
        return Files.isRegularFile(folder.resolve(METADATA));
    }

    /// The distributed checkpoint that a file is a part of: the table of chunks, or chunks of one rank.
    public static Optional<Path> ofPart(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        String name = String.valueOf(file.getFileName());
        return Optional.ofNullable(parent)
                .filter(_ -> name.equals(METADATA) || CHUNK_FILE.matcher(name).matches())
                .filter(DistributedCheckpoint::isStateFolder);
    }

    /// A run of bytes in a file that is a file of `torch.save`.
    ///
    /// @param offset its first byte
    /// @param length its bytes
    public record Run(long offset, long length) {}

    /// What the table says is in the files of a distributed checkpoint, tensors and other objects: runs by
    /// the name of the file, in their order there.
    ///
    /// @throws io.github.cogvideo4j.formats.FormatException when the table is damaged or unsafe
    public static Map<String, List<Run>> runs(Path folder) throws IOException {
        DistributedMetadata metadata = MetadataReader.read(folder.resolve(METADATA));
        Map<String, List<Run>> runs = new HashMap<>();
        Stream.concat(
                        metadata.places().values().stream(),
                        metadata.objects().stream().map(DistributedMetadata.SavedObject::place))
                .sorted(Comparator.comparingLong(ChunkPlace::offset))
                .forEach(place -> runs.computeIfAbsent(place.file().value(), _ -> new ArrayList<>())
                        .add(new Run(place.offset(), place.length())));
        return runs;
    }

    /// The values in a distributed checkpoint that are no tensors: settings of the optimizer, states of the schedule
    /// and of the trainer. None where there is no table.
    ///
    /// @throws io.github.cogvideo4j.formats.FormatException when the table is damaged or unsafe
    public static SavedValues values(Path folder) throws IOException {
        return isStateFolder(folder)
                ? new SavedValues(
                        folder, MetadataReader.read(folder.resolve(METADATA)).objects())
                : SavedValues.none();
    }

    /// Reads the table of chunks and the head of each chunk of the model, and plans its state dict in the
    /// table's order. What else was saved (the optimizer, the data loader) is left out.
    ///
    /// @param folder  the folder with `.metadata`
    /// @param options how to choose
    /// @throws InvalidCheckpointException when there is no model in it, or files do not belong together
    /// @throws io.github.cogvideo4j.formats.FormatException when it is damaged or unsafe
    public static Checkpoint plan(Path folder, SourceOptions options) throws IOException {
        return new DistributedCheckpoint(folder, options).plan();
    }

    private Checkpoint plan() throws IOException {
        DistributedMetadata metadata = MetadataReader.read(opened.note(folder.resolve(METADATA)));
        List<String> keys = ModelKeys.choose(metadata, warnings);
        ChunkHeads heads = ChunkHeads.read(folder, wanted(metadata, keys), opened, warnings);
        List<StateEntry> entries = new ArrayList<>();
        int ranks = 0;
        for (String key : keys) {
            ShardedTensor tensor = Objects.requireNonNull(metadata.tensors().get(key));
            entries.add(new StateEntry(tensor(metadata, heads, key, tensor), Role.PARAMETER));
        }
        for (Path file : opened.identities().keySet()) {
            Matcher name = CHUNK_FILE.matcher(String.valueOf(file.getFileName()));
            ranks = name.matches() ? Math.max(ranks, Integer.parseInt(name.group(1)) + 1) : ranks;
        }
        SortedMap<String, String> versions = new TreeMap<>();
        metadata.version().ifPresent(version -> versions.put("torch.distributed.checkpoint", version));
        return new Checkpoint(
                CheckpointKind.DISTRIBUTED,
                folder,
                options,
                KeyPrefix.strip(entries, Place.of(metadata.file()), warnings),
                new TrainingState(
                        OptionalLong.empty(),
                        OptionalInt.empty(),
                        ranks == 0 ? OptionalInt.empty() : OptionalInt.of(ranks),
                        Optional.empty(),
                        versions),
                opened.identities(),
                warnings.all());
    }

    /// The chunks of the model, if any: what is wrong with the table is reported tensor by tensor.
    private static List<ChunkHeads.Wanted> wanted(DistributedMetadata metadata, List<String> keys) {
        List<ChunkHeads.Wanted> wanted = new ArrayList<>();
        for (String name : keys) {
            for (Box box : Objects.requireNonNull(metadata.tensors().get(name)).chunks()) {
                ChunkPlace place = metadata.places().get(new ChunkKey(name, box.offsets()));
                if (place != null && box.numel() != 0) {
                    wanted.add(new ChunkHeads.Wanted(place, name));
                }
            }
        }
        return wanted;
    }

    private StoredTensor tensor(DistributedMetadata metadata, ChunkHeads heads, String name, ShardedTensor tensor)
            throws IOException {
        ChunkedTensor.requireCovering(metadata.file(), name, tensor.shape(), tensor.chunks());
        List<ChunkedTensor.Chunk> chunks = new ArrayList<>();
        Optional<DType> dtype = tensor.dtype();
        for (Box box : tensor.chunks()) {
            if (box.numel() == 0) {
                continue;
            }
            ChunkPlace place = metadata.places().get(new ChunkKey(name, box.offsets()));
            if (place == null) {
                throw new InvalidCheckpointException(
                        ProblemCode.MISSING_TENSOR,
                        Place.of(metadata.file()).tensor(name),
                        "checkpoints.distributed.no-place",
                        name,
                        box);
            }
            StoredTensor chunk = chunk(heads, name, box, place, dtype);
            dtype = Optional.of(chunk.dtype());
            chunks.add(new ChunkedTensor.Chunk(box, chunk));
        }
        if (chunks.isEmpty()) {
            return new StoredTensor(name, dtype.orElse(DType.F32), tensor.shape(), new TensorData.Extents(List.of()));
        }
        return ChunkedTensor.join(metadata.file(), name, tensor.shape(), chunks);
    }

    /// Holds a chunk against what the table says of it.
    private StoredTensor chunk(ChunkHeads heads, String name, Box box, ChunkPlace place, Optional<DType> dtype)
            throws IOException {
        StoredTensor stored = heads.tensor(place)
                .orElseThrow(() -> new InvalidCheckpointException(
                        ProblemCode.MISSING_RANK,
                        Place.of(folder).tensor(name),
                        "checkpoints.distributed.missing-file",
                        place.file().value()));
        if (!stored.shape().sizes().equals(box.sizes())
                || dtype.filter(type -> type != stored.dtype()).isPresent()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MIXED_CHECKPOINTS,
                    Place.at(place.file().in(folder), place.offset()).tensor(name),
                    "checkpoints.distributed.chunk-differs",
                    name,
                    dtype.orElse(stored.dtype()) + " " + box.sizes(),
                    stored.dtype() + " " + stored.shape());
        }
        return stored;
    }
}
