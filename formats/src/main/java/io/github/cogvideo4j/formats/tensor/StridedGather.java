package io.github.cogvideo4j.formats.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.stream.IntStream;

/// The gathering of a strided view into row-major bytes.
///
/// The output is produced in blocks of outer rows. Inside a block, elements are visited in the order in which
/// they lie in the storage, so that the storage is read forwards through one window, whatever the permutation
/// of the dimensions.
final class StridedGather {
    private static final int BLOCK_BYTES = 4 << 20;
    private static final int WINDOW_BYTES = 64 << 10;

    private final StorageStream stream;
    private final TensorData.Strided view;
    private final long[] sizes;
    private final int elementBytes;
    private final long storageLength;
    private final ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES).limit(0);
    private long windowStart;

    StridedGather(StorageStream stream, StoredTensor tensor, TensorData.Strided view) {
        this.stream = stream;
        this.view = view;
        this.sizes = tensor.shape().toArray();
        this.elementBytes = tensor.dtype().bytes();
        this.storageLength = view.storage().length();
    }

    void gather(TensorData.Sink sink) throws IOException {
        if (sizes.length == 0) {
            block(new long[0], new long[0], sink);
            return;
        }
        // The first dimension whose rows fit a block is split into blocks; the ones before it are walked one
        // index at a time.
        int split = 0;
        while (split < sizes.length - 1 && bytesBelow(split) > BLOCK_BYTES) {
            split++;
        }
        long rows = Math.max(1, BLOCK_BYTES / Math.max(elementBytes, bytesBelow(split)));
        long[] start = new long[sizes.length];
        do {
            for (long row = 0; row < sizes[split]; row += rows) {
                long[] count = sizes.clone();
                for (int d = 0; d < split; d++) {
                    count[d] = 1;
                }
                start[split] = row;
                count[split] = Math.min(rows, sizes[split] - row);
                block(start, count, sink);
            }
        } while (advance(start, split));
    }

    /// Bytes of one index of a dimension.
    private long bytesBelow(int dimension) {
        long bytes = elementBytes;
        for (int d = dimension + 1; d < sizes.length; d++) {
            bytes *= sizes[d];
        }
        return bytes;
    }

    private boolean advance(long[] index, int dimensions) {
        for (int d = dimensions - 1; d >= 0; d--) {
            if (++index[d] < sizes[d]) {
                return true;
            }
            index[d] = 0;
        }
        return false;
    }

    private void block(long[] start, long[] count, TensorData.Sink sink) throws IOException {
        long elements = 1;
        long source = view.offset();
        for (int d = 0; d < count.length; d++) {
            elements *= count[d];
            source += start[d] * view.strides().get(d);
        }
        if (elements == 0) {
            return;
        }
        ByteBuffer block = ByteBuffer.allocate(Math.toIntExact(elements * elementBytes));
        int[] inStorageOrder = IntStream.range(0, count.length)
                .boxed()
                .sorted(Comparator.comparing((Integer d) -> view.strides().get(d))
                        .reversed())
                .mapToInt(Integer::intValue)
                .toArray();
        long[] blockStrides = new long[count.length];
        long stride = 1;
        for (int d = count.length - 1; d >= 0; d--) {
            blockStrides[d] = stride;
            stride *= count[d];
        }
        long[] index = new long[count.length];
        long position = source;
        long target = 0;
        for (long n = 0; n < elements; n++) {
            copyElement(position * elementBytes, block, (int) (target * elementBytes));
            for (int k = inStorageOrder.length - 1; k >= 0; k--) {
                int d = inStorageOrder[k];
                position += view.strides().get(d);
                target += blockStrides[d];
                if (++index[d] < count[d]) {
                    break;
                }
                position -= count[d] * view.strides().get(d);
                target -= count[d] * blockStrides[d];
                index[d] = 0;
            }
        }
        sink.accept(block.rewind());
    }

    private void copyElement(long position, ByteBuffer block, int target) throws IOException {
        if (position < windowStart || position + elementBytes > windowStart + window.limit()) {
            window.clear().limit((int) Math.min(WINDOW_BYTES, storageLength - position));
            stream.readFully(position, window);
            window.flip();
            windowStart = position;
        }
        block.put(target, window, (int) (position - windowStart), elementBytes);
    }
}
