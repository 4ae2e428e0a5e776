package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A tensor whose chunks interleave, because it was cut along an inner dimension. It is made in blocks of
/// rows: what each chunk has of a block is one run of the chunk, read at once and spread over the block's
/// rows. So files are read forwards in large pieces, and memory is one block's whatever the tensor's size.
///
/// @param dtype  the type of the elements, of whole bytes
/// @param shape  the tensor's sizes
/// @param chunks its chunks, which cover it, each row-major
record Assembly(DType dtype, Shape shape, List<ChunkedTensor.Chunk> chunks) implements TensorData.Computed {
    private static final int BLOCK_BYTES = 4 << 20;

    Assembly {
        chunks = List.copyOf(chunks);
    }

    @Override
    public String description() {
        return chunks.size() + " x " + chunks.getFirst().box().sizes();
    }

    @Override
    public List<Storage> inputs() {
        return chunks.stream()
                .flatMap(chunk -> extents(chunk.tensor()).stream())
                .map(Extent::storage)
                .distinct()
                .toList();
    }

    private static List<Extent> extents(StoredTensor chunk) {
        return chunk.data() instanceof TensorData.Extents parts ? parts.parts() : List.of();
    }

    @Override
    public void compute(StorageReader reader, Sink sink) throws IOException {
        // The first dimension whose rows fit a block is cut into blocks; of those before it, one index at a
        // time.
        int split = 0;
        while (split < shape.rank() - 1 && rowBytes(split) > BLOCK_BYTES) {
            split++;
        }
        long rows = Math.max(1, BLOCK_BYTES / rowBytes(split));
        ByteBuffer block = ByteBuffer.allocate(Math.toIntExact(Math.min(rows, shape.size(split)) * rowBytes(split)));
        long[] outer = new long[split];
        do {
            for (long row = 0; row < shape.size(split); row += rows) {
                Box box = box(outer, row, Math.min(rows, shape.size(split) - row));
                fill(reader, box, block);
                sink.accept(block.clear().limit(Math.toIntExact(box.numel() * dtype.bytes())));
            }
        } while (advance(outer));
    }

    /// Bytes of one index of a dimension.
    private long rowBytes(int dimension) {
        long bytes = dtype.bytes();
        for (int d = dimension + 1; d < shape.rank(); d++) {
            bytes *= shape.size(d);
        }
        return bytes;
    }

    private boolean advance(long[] index) {
        for (int d = index.length - 1; d >= 0; d--) {
            if (++index[d] < shape.size(d)) {
                return true;
            }
            index[d] = 0;
        }
        return false;
    }

    private Box box(long[] outer, long row, long rows) {
        List<Long> offsets = new ArrayList<>();
        List<Long> sizes = new ArrayList<>();
        for (int d = 0; d < shape.rank(); d++) {
            offsets.add(d < outer.length ? outer[d] : d == outer.length ? row : 0);
            sizes.add(d < outer.length ? 1 : d == outer.length ? rows : shape.size(d));
        }
        return new Box(offsets, sizes);
    }

    private void fill(StorageReader reader, Box block, ByteBuffer target) throws IOException {
        for (ChunkedTensor.Chunk chunk : chunks) {
            Optional<Box> common = chunk.box().intersection(block);
            if (common.isPresent()) {
                copy(reader, chunk, common.get(), block, target);
            }
        }
    }

    /// Copies what a chunk has of a block: all of the chunk in the dimensions behind the block's own, hence
    /// neighbours in the chunk.
    private void copy(StorageReader reader, ChunkedTensor.Chunk chunk, Box part, Box block, ByteBuffer target)
            throws IOException {
        long first = position(part.offsets(), chunk.box());
        StoredTensor run = new StoredTensor(
                "",
                dtype,
                Shape.of(part.numel()),
                new TensorData.Extents(chunk.tensor().slice(first, part.numel())));
        reader.read(run, new Spread(part, block, target));
    }

    /// The number of an element, given by its index in the tensor, in a row-major box.
    private static long position(List<Long> index, Box box) {
        long position = 0;
        for (int d = 0; d < box.rank(); d++) {
            position = position * box.size(d) + index.get(d) - box.offset(d);
        }
        return position;
    }

    /// Takes the elements of a part in order and puts each row of them where it belongs in a block.
    private final class Spread implements Sink {
        private final Box part;
        private final Box block;
        private final ByteBuffer target;
        private final long[] index;
        private final int inner;
        private final long runBytes;
        private long runDone;

        Spread(Box part, Box block, ByteBuffer target) {
            this.part = part;
            this.block = block;
            this.target = target;
            // A run is what is contiguous in the block: the last dimension in which the part is narrower, and
            // all behind.
            int d = part.rank() - 1;
            long elements = part.size(d);
            while (d > 0 && part.size(d) == block.size(d)) {
                d--;
                elements *= part.size(d);
            }
            this.inner = d;
            this.runBytes = elements * dtype.bytes();
            this.index = part.offsets().stream().mapToLong(Long::longValue).toArray();
        }

        @Override
        public void accept(ByteBuffer bytes) {
            while (bytes.hasRemaining()) {
                int length = (int) Math.min(bytes.remaining(), runBytes - runDone);
                target.put(Math.toIntExact(start() + runDone), bytes, bytes.position(), length);
                bytes.position(bytes.position() + length);
                runDone += length;
                if (runDone == runBytes) {
                    runDone = 0;
                    nextRun();
                }
            }
        }

        private long start() {
            long position = 0;
            for (int d = 0; d < index.length; d++) {
                position = position * block.size(d) + index[d] - block.offset(d);
            }
            return position * dtype.bytes();
        }

        private void nextRun() {
            for (int d = inner - 1; d >= 0; d--) {
                if (++index[d] < part.end(d)) {
                    return;
                }
                index[d] = part.offset(d);
            }
        }
    }
}
