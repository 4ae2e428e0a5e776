package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A tensor that is put together from chunks.
final class ChunkedTensor {
    private ChunkedTensor() {}

    /// A chunk and its elements.
    ///
    /// @param box    which part of the tensor
    /// @param tensor its elements, of the box's sizes
    record Chunk(Box box, StoredTensor tensor) {}

    /// Checks that chunks cover a tensor, each element once.
    ///
    /// @param file   where they are listed, for messages
    /// @param name   the tensor's key
    /// @param shape  its sizes, of 2^63 elements at most
    /// @param chunks its chunks
    /// @throws MalformedFileException `storage-bounds` when one leaves the tensor, `numel-mismatch` when
    ///     two overlap or some of the tensor is in none
    static void requireCovering(Path file, String name, Shape shape, List<Box> chunks) {
        Place place = Place.of(file).tensor(name);
        for (Box chunk : chunks) {
            if (!chunk.isInside(shape.sizes())) {
                throw new MalformedFileException(
                        ProblemCode.STORAGE_BOUNDS, place, "checkpoints.distributed.chunk-outside", name, shape, chunk);
            }
        }
        List<Box> filled = new ArrayList<>(
                chunks.stream().filter(chunk -> chunk.numel() != 0).toList());
        filled.sort(Box.ROW_MAJOR);
        requireDisjoint(place, name, filled);
        // They are disjoint and inside, so the sum cannot exceed the tensor, nor overflow.
        long covered = filled.stream().mapToLong(Box::numel).sum();
        if (covered != shape.numel()) {
            throw new MalformedFileException(
                    ProblemCode.NUMEL_MISMATCH,
                    place,
                    "checkpoints.distributed.not-covered",
                    name,
                    shape.numel(),
                    covered);
        }
    }

    /// Compares with those that begin before a chunk's rows end, which are few unless the tensor is cut along
    /// an inner dimension.
    private static void requireDisjoint(Place place, String name, List<Box> sorted) {
        for (int i = 0; i < sorted.size(); i++) {
            Box first = sorted.get(i);
            for (int j = i + 1; j < sorted.size(); j++) {
                Box second = sorted.get(j);
                if (first.rank() > 0 && second.offset(0) >= first.end(0)) {
                    break;
                }
                if (first.overlaps(second)) {
                    throw new MalformedFileException(
                            ProblemCode.NUMEL_MISMATCH, place, "checkpoints.distributed.overlap", name, first, second);
                }
            }
        }
    }

    /// The tensor that chunks make. They must cover it; empty ones are left out.
    ///
    /// Where every chunk is a run of the tensor (one cut along the first dimension) the tensor is the
    /// runs one after another. Where chunks interleave, every row would be an extent of its own, millions in a
    /// large model: those tensors are assembled in blocks.
    ///
    /// @param file   where the chunks are listed, for messages
    /// @param name   the tensor's key
    /// @param shape  its sizes
    /// @param chunks its chunks, at least one
    static StoredTensor join(Path file, String name, Shape shape, List<Chunk> chunks) {
        StoredTensor first = chunks.getFirst().tensor();
        if (chunks.size() == 1) {
            return new StoredTensor(name, first.dtype(), shape, first.data());
        }
        List<Chunk> sorted = new ArrayList<>(chunks);
        sorted.sort(Comparator.comparing(Chunk::box, Box.ROW_MAJOR));
        List<Extent> extents = new ArrayList<>();
        for (Chunk chunk : sorted) {
            if (!(chunk.tensor().data() instanceof TensorData.Extents parts)) {
                throw new UnsupportedFileException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        Place.of(file).tensor(name),
                        "checkpoints.distributed.strided-chunk",
                        name,
                        chunk.box());
            }
            extents.addAll(parts.parts());
        }
        boolean runs = sorted.stream().allMatch(chunk -> chunk.box().isContiguousIn(shape.sizes()));
        return new StoredTensor(
                name,
                first.dtype(),
                shape,
                runs ? new TensorData.Extents(extents) : new Assembly(first.dtype(), shape, sorted));
    }
}
