package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The parts of tensors that the files of several ranks hold, without a table that lists them.
final class RankPieces {
    private final SequencedMap<String, Parts> byName = new LinkedHashMap<>();

    /// The parts of one tensor.
    private static final class Parts {
        private final Path file;
        private final DType dtype;
        private final Optional<Shape> whole;
        private final Map<List<Long>, ChunkedTensor.Chunk> chunks = new LinkedHashMap<>();

        Parts(Path file, DType dtype, Optional<Shape> whole) {
            this.file = file;
            this.dtype = dtype;
            this.whole = whole;
        }
    }

    /// A part of a tensor.
    ///
    /// @param file  the file that holds it
    /// @param box   where it belongs
    /// @param part  its elements, of the box's sizes
    /// @param whole the tensor's sizes, where they are known
    record Piece(Path file, Box box, StoredTensor part, Optional<Shape> whole) {}

    /// Adds a part. One that is there already, from a rank that has the same, is left out.
    ///
    /// @return whether it is new
    /// @throws InvalidCheckpointException `mixed-checkpoints` when another file says otherwise of the tensor
    boolean add(String name, Piece piece) {
        Parts parts = byName.computeIfAbsent(
                name, _ -> new Parts(piece.file(), piece.part().dtype(), piece.whole()));
        if (parts.dtype != piece.part().dtype() || !parts.whole.equals(piece.whole())) {
            throw new InvalidCheckpointException(
                    ProblemCode.MIXED_CHECKPOINTS,
                    Place.of(piece.file()).tensor(name),
                    "checkpoints.distributed.ranks-differ",
                    name,
                    described(piece.part().dtype(), piece.whole()),
                    described(parts.dtype, parts.whole),
                    String.valueOf(parts.file.getFileName()));
        }
        if (piece.box().numel() == 0) {
            return true;
        }
        ChunkedTensor.Chunk chunk = new ChunkedTensor.Chunk(piece.box(), piece.part());
        ChunkedTensor.Chunk same = parts.chunks.putIfAbsent(piece.box().offsets(), chunk);
        if (same != null && !same.box().equals(piece.box())) {
            throw new MalformedFileException(
                    ProblemCode.NUMEL_MISMATCH,
                    Place.of(piece.file()).tensor(name),
                    "checkpoints.distributed.overlap",
                    name,
                    same.box(),
                    piece.box());
        }
        return same == null;
    }

    private static String described(DType dtype, Optional<Shape> whole) {
        return dtype + whole.map(shape -> " " + shape).orElse("");
    }

    /// The names, in the order in which they came.
    List<String> names() {
        return List.copyOf(byName.keySet());
    }

    /// Rows of each tensor's first part, by name; without tensors that have no rows.
    Map<String, Long> firstRows() {
        Map<String, Long> rows = new LinkedHashMap<>();
        byName.forEach((name, parts) -> parts.chunks.values().stream()
                .map(ChunkedTensor.Chunk::box)
                .filter(box -> box.rank() > 0 && box.offsets().stream().allMatch(offset -> offset == 0))
                .findFirst()
                .ifPresent(box -> rows.put(name, box.end(0))));
        return rows;
    }

    /// Whether some tensor is cut, rather than whole in one file.
    boolean cut() {
        return byName.values().stream().anyMatch(parts -> parts.chunks.size() > 1);
    }

    /// The first tensor of which some part is in none of the files that were read.
    Optional<String> firstIncomplete() {
        return byName.entrySet().stream()
                .filter(entry -> covered(entry.getValue())
                        < shape(entry.getKey(), entry.getValue()).numel())
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /// The elements of its parts, which for parts that overlap may be any number.
    private static long covered(Parts parts) {
        return parts.chunks.values().stream()
                .mapToLong(chunk -> chunk.box().numel())
                .reduce(0, (sum, numel) -> sum > Long.MAX_VALUE - numel ? Long.MAX_VALUE : sum + numel);
    }

    /// The whole tensors.
    ///
    /// @throws MalformedFileException `storage-bounds` or `numel-mismatch` when parts do not make a tensor
    List<StoredTensor> join() {
        List<StoredTensor> tensors = new ArrayList<>();
        byName.forEach((name, parts) -> {
            Shape shape = shape(name, parts);
            List<ChunkedTensor.Chunk> chunks = List.copyOf(parts.chunks.values());
            ChunkedTensor.requireCovering(
                    parts.file,
                    name,
                    shape,
                    chunks.stream().map(ChunkedTensor.Chunk::box).toList());
            tensors.add(
                    chunks.isEmpty()
                            ? new StoredTensor(name, parts.dtype, shape, new TensorData.Extents(List.of()))
                            : ChunkedTensor.join(parts.file, name, shape, chunks));
        });
        return tensors;
    }

    /// The sizes that are known, or as far as the parts reach.
    private static Shape shape(String name, Parts parts) {
        if (parts.whole.isPresent()) {
            return parts.whole.get();
        }
        List<Long> ends = new ArrayList<>();
        for (ChunkedTensor.Chunk chunk : parts.chunks.values()) {
            Box box = chunk.box();
            if (!ends.isEmpty() && ends.size() != box.rank()) {
                throw outside(name, parts, box);
            }
            for (int d = 0; d < box.rank(); d++) {
                if (d == ends.size()) {
                    ends.add(0L);
                }
                ends.set(d, Math.max(ends.get(d), box.end(d)));
            }
        }
        if (parts.chunks.isEmpty()) {
            ends.add(0L);
        }
        Shape shape = new Shape(ends);
        if (shape.checkedNumel().isEmpty()) {
            throw outside(name, parts, parts.chunks.values().iterator().next().box());
        }
        return shape;
    }

    private static MalformedFileException outside(String name, Parts parts, Box box) {
        return new MalformedFileException(
                ProblemCode.STORAGE_BOUNDS,
                Place.of(parts.file).tensor(name),
                "checkpoints.distributed.chunk-outside",
                name,
                "?",
                box);
    }
}
