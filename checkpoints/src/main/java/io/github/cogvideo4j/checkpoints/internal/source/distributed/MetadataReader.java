package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.ChunkKey;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.ChunkPlace;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.SavedObject;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.ShardedTensor;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.internal.pickle.PickleFactory;
import io.github.cogvideo4j.formats.internal.pickle.PickleLimits;
import io.github.cogvideo4j.formats.internal.pickle.PickleReader;
import io.github.cogvideo4j.formats.internal.pickle.PickleSource;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;

/// The reader of `.metadata`: a pickle of `torch.distributed.checkpoint.metadata.Metadata`.
///
/// Source of the classes and their fields: torch 2.13, `torch/distributed/checkpoint/metadata.py` and
/// `filesystem.py`; the files of a real FSDP training.
final class MetadataReader {
    // 280 bytes for every chunk: 67 million would be 240,000 chunks, far beyond what the limits of pickles let
    // through.
    private static final long LARGEST = 64L << 20;
    // As many as torch's own tensors can have.
    private static final int MOST_DIMENSIONS = 64;

    private final Path file;
    // A name is that of hundreds of chunks.
    private final Map<String, PlainFileName> files = new HashMap<>();

    private MetadataReader(Path file) {
        this.file = file;
    }

    static DistributedMetadata read(Path file) throws IOException {
        return new MetadataReader(file).read();
    }

    private DistributedMetadata read() throws IOException {
        PickleValue.Instance root = instance("Metadata", pickle());
        SequencedMap<String, ShardedTensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<PickleValue, PickleValue> entry :
                dict(root, "state_dict_metadata").entries().entrySet()) {
            String name = entry.getKey().asText().orElseThrow(() -> wrong("state_dict_metadata", entry.getKey()));
            if (entry.getValue() instanceof PickleValue.Instance value
                    && value.type().name().equals("TensorStorageMetadata")) {
                tensors.put(name, tensor(name, value));
            }
        }
        List<SavedObject> objects = new ArrayList<>();
        Map<ChunkKey, ChunkPlace> places = places(root, objects);
        return new DistributedMetadata(
                file, tensors, objects, places, root.attribute("version").flatMap(PickleValue::asText));
    }

    private PickleValue pickle() throws IOException {
        try (FileChannel channel = RegularFile.open(file)) {
            long size = channel.size();
            if (size > LARGEST) {
                throw new UnsafeFileException(
                        ProblemCode.PICKLE_LIMIT,
                        Place.of(file),
                        "checkpoints.distributed.metadata-size",
                        size,
                        LARGEST);
            }
            ByteBuffer bytes = RegularFile.read(channel, 0, ByteBuffer.allocate((int) size));
            return PickleReader.read(
                            PickleSource.at(bytes, Place.of(file), 0),
                            PickleFactory.INERT,
                            PickleLimits.DISTRIBUTED_METADATA)
                    .value();
        }
    }

    private ShardedTensor tensor(String name, PickleValue.Instance value) {
        Shape shape = new Shape(integers(name, "size", require(value, "size")));
        if (shape.checkedNumel().isEmpty()) {
            throw wrong(name + ".size", require(value, "size"));
        }
        List<Box> chunks = new ArrayList<>();
        PickleValue list = require(value, "chunks");
        for (PickleValue element : list.asElements().orElseThrow(() -> wrong(name + ".chunks", list))) {
            PickleValue.Instance chunk = instance("ChunkStorageMetadata", element);
            chunks.add(new Box(
                    integers(name, "offsets", require(chunk, "offsets")),
                    integers(name, "sizes", require(chunk, "sizes"))));
        }
        return new ShardedTensor(dtype(value), shape, chunks);
    }

    /// `TensorProperties` keeps its fields as a tuple that begins with the dtype.
    private static Optional<DType> dtype(PickleValue.Instance tensor) {
        return tensor.attribute("properties")
                .flatMap(value -> value instanceof PickleValue.Instance properties
                        ? properties.state().flatMap(PickleValue::asElements)
                        : Optional.empty())
                .filter(fields -> !fields.isEmpty())
                .flatMap(fields -> fields.getFirst() instanceof PickleValue.Global type
                                && type.module().equals("torch")
                        ? DType.byTorchName(type.name())
                        : Optional.empty());
    }

    private Map<ChunkKey, ChunkPlace> places(PickleValue.Instance root, List<SavedObject> objects) {
        // In the file's order, which is mostly that of the chunks in their files: quickly sorted.
        Map<ChunkKey, ChunkPlace> places = new LinkedHashMap<>();
        for (Map.Entry<PickleValue, PickleValue> entry :
                dict(root, "storage_data").entries().entrySet()) {
            PickleValue.Instance index = instance("MetadataIndex", entry.getKey());
            String name = require(index, "fqn").asText().orElseThrow(() -> wrong("MetadataIndex.fqn", index));
            ChunkPlace place = place(name, instance("_StorageInfo", entry.getValue()));
            // Objects, which are no tensors, have no offset.
            Optional<PickleValue> offset =
                    index.attribute("offset").filter(value -> !(value instanceof PickleValue.None));
            if (offset.isEmpty()) {
                objects.add(new SavedObject(name, place));
                continue;
            }
            ChunkKey key = new ChunkKey(name, integers(name, "offset", offset.get()));
            if (places.put(key, place) != null) {
                throw new MalformedFileException(
                        ProblemCode.NUMEL_MISMATCH,
                        Place.of(file).tensor(name),
                        "checkpoints.distributed.chunk-twice",
                        name,
                        key.offsets());
            }
        }
        requireDisjoint(places);
        return places;
    }

    private ChunkPlace place(String name, PickleValue.Instance info) {
        PickleValue relative = require(info, "relative_path");
        String text = relative.asText().orElseThrow(() -> wrong("_StorageInfo.relative_path", relative));
        boolean transformed = info.attribute("transform_descriptors")
                .flatMap(PickleValue::asElements)
                .filter(list -> !list.isEmpty())
                .isPresent();
        if (transformed) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNSUPPORTED_TENSOR,
                    Place.of(file).tensor(name),
                    "checkpoints.distributed.transformed",
                    name);
        }
        return new ChunkPlace(
                files.computeIfAbsent(text, path -> plainName(name, path)),
                integer(name, "_StorageInfo.offset", require(info, "offset")),
                integer(name, "_StorageInfo.length", require(info, "length")));
    }

    private PlainFileName plainName(String name, String path) {
        return PlainFileName.of(path)
                .orElseThrow(() -> new UnsafeFileException(
                        ProblemCode.UNSAFE_PATH,
                        Place.of(file).tensor(name),
                        "checkpoints.distributed.unsafe-path",
                        path));
    }

    /// Bytes belong to one chunk: a small file whose bytes are named a thousand times would fill a disk.
    private void requireDisjoint(Map<ChunkKey, ChunkPlace> places) {
        List<Map.Entry<ChunkKey, ChunkPlace>> inOrder = new ArrayList<>(places.entrySet());
        inOrder.sort((first, second) -> {
            ChunkPlace one = first.getValue();
            ChunkPlace other = second.getValue();
            int files = one.file().value().compareTo(other.file().value());
            return files != 0 ? files : Long.compare(one.offset(), other.offset());
        });
        for (int i = 1; i < inOrder.size(); i++) {
            ChunkPlace before = inOrder.get(i - 1).getValue();
            ChunkPlace place = inOrder.get(i).getValue();
            if (place.file().equals(before.file()) && place.offset() - before.offset() < before.length()) {
                throw new MalformedFileException(
                        ProblemCode.STORAGE_BOUNDS,
                        Place.of(file).tensor(inOrder.get(i).getKey().name()),
                        "checkpoints.distributed.shared-bytes",
                        inOrder.get(i).getKey().name(),
                        inOrder.get(i - 1).getKey().name(),
                        place.file().value(),
                        place.offset());
            }
        }
    }

    private List<Long> integers(String name, String field, PickleValue value) {
        List<PickleValue> elements = value.asElements().orElseThrow(() -> wrong(name + "." + field, value));
        if (elements.size() > MOST_DIMENSIONS) {
            throw wrong(name + "." + field, value);
        }
        List<Long> integers = new ArrayList<>(elements.size());
        for (PickleValue element : elements) {
            integers.add(integer(name, field, element));
        }
        return List.copyOf(integers);
    }

    private long integer(String name, String field, PickleValue value) {
        OptionalLong number = value.asLong();
        if (number.isEmpty() || number.getAsLong() < 0) {
            throw wrong(name + "." + field, value);
        }
        return number.getAsLong();
    }

    private PickleValue.Instance instance(String type, PickleValue value) {
        if (value instanceof PickleValue.Instance instance
                && instance.type().name().equals(type)) {
            return instance;
        }
        throw wrong(type, value);
    }

    private PickleValue.Dict dict(PickleValue.Instance object, String field) {
        PickleValue value = require(object, field);
        return value.asDict().orElseThrow(() -> wrong(field, value));
    }

    private PickleValue require(PickleValue.Instance object, String field) {
        return object.attribute(field)
                .orElseThrow(() -> wrong(object.type().name() + "." + field, PickleValue.None.INSTANCE));
    }

    private MalformedFileException wrong(String field, PickleValue found) {
        return new MalformedFileException(
                ProblemCode.NOT_A_CHECKPOINT, Place.of(file), "checkpoints.distributed.field-wrong", field, found);
    }
}
