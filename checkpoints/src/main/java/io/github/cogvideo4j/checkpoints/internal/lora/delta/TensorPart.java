package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Optional;

/// Parts of a tensor as numbers. What is stored in order is read where it is asked for; a view is read whole,
/// beside the heap.
final class TensorPart {
    private final StorageReader reader;
    private final StoredTensor tensor;
    private final long columns;
    private final FloatMatrix.Floats floats;
    private final Optional<FloatMatrix> whole;

    TensorPart(StorageReader reader, StoredTensor tensor, Arena arena) throws IOException {
        this.reader = reader;
        this.tensor = tensor;
        this.columns = Delta.columns(tensor.shape());
        this.floats = new FloatMatrix.Floats(tensor.dtype());
        this.whole = tensor.data() instanceof TensorData.Extents
                ? Optional.empty()
                : Optional.of(FloatMatrix.read(
                        reader, tensor, FloatMatrix.allocate(arena, Delta.rows(tensor.shape()), columns)));
    }

    /// Takes an element.
    @FunctionalInterface
    interface Taker {
        /// Takes one.
        ///
        /// @param index its place in the part, row after row
        void take(int index, float value);
    }

    /// Passes on the elements of a part; parts of rows come from one row.
    void each(long row, int rows, long column, int width, Taker taker) throws IOException {
        long first = row * columns + column;
        int count = Math.multiplyExact(rows, width);
        if (whole.isPresent()) {
            float[] values = new float[count];
            whole.get().copy(row, column, values, count);
            for (int i = 0; i < count; i++) {
                taker.take(i, values[i]);
            }
            return;
        }
        StoredTensor part = new StoredTensor(
                tensor.name(), tensor.dtype(), Shape.of(count), new TensorData.Extents(tensor.slice(first, count)));
        int[] position = {0};
        reader.read(
                part,
                bytes -> floats.each(bytes, (values, taken) -> {
                    for (int i = 0; i < taken; i++) {
                        taker.take(position[0]++, values[i]);
                    }
                }));
    }
}
