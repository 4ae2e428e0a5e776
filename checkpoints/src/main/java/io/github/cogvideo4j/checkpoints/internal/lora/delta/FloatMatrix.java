package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.checkpoints.internal.cast.ElementCast;
import io.github.cogvideo4j.checkpoints.internal.cast.ValueScan;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/// A matrix of fp32 numbers beside the heap, whose limit the large ones would break.
///
/// @param rows    rows
/// @param columns columns
/// @param data    the elements, row-major
public record FloatMatrix(long rows, long columns, MemorySegment data) {
    private static final ValueLayout.OfFloat FLOATS = ValueLayout.JAVA_FLOAT;

    /// Whether a type's elements are floating point numbers that fp32 stands for.
    public static boolean canHold(DType type) {
        return switch (type) {
            case F32, F16, BF16, F64 -> true;
            default -> false;
        };
    }

    /// A matrix of zeros that lives as long as an arena.
    public static FloatMatrix allocate(Arena arena, long rows, long columns) {
        return new FloatMatrix(rows, columns, arena.allocate(Math.multiplyExact(rows * columns, 4L), 64));
    }

    /// Reads a tensor into a matrix that the garbage collector frees: for small ones.
    public static FloatMatrix read(StorageReader reader, StoredTensor tensor, long rows, long columns)
            throws IOException {
        return read(reader, tensor, allocate(Arena.ofAuto(), rows, columns));
    }

    /// Reads a tensor's elements, in order, into a matrix of as many.
    public static FloatMatrix read(StorageReader reader, StoredTensor tensor, FloatMatrix into) throws IOException {
        Floats floats = new Floats(tensor.dtype());
        long[] position = {0};
        reader.read(
                tensor,
                bytes -> floats.each(bytes, (values, count) -> {
                    MemorySegment.copy(values, 0, into.data, FLOATS, position[0] * Float.BYTES, count);
                    position[0] += count;
                }));
        if (position[0] != into.rows * into.columns) {
            throw new IllegalArgumentException(tensor.name() + " has " + position[0] + " elements");
        }
        return into;
    }

    /// Takes a tensor of as many elements away from this.
    public void subtract(StorageReader reader, StoredTensor tensor) throws IOException {
        Floats floats = new Floats(tensor.dtype());
        long[] position = {0};
        reader.read(
                tensor,
                bytes -> floats.each(bytes, (values, count) -> {
                    for (int i = 0; i < count; i++) {
                        long at = (position[0] + i) * Float.BYTES;
                        data.set(FLOATS, at, data.get(FLOATS, at) - values[i]);
                    }
                    position[0] += count;
                }));
    }

    /// One element.
    public float get(long row, long column) {
        return data.get(FLOATS, (row * columns + column) * Float.BYTES);
    }

    /// Copies a part of a row.
    public void copy(long row, long column, float[] target, int count) {
        MemorySegment.copy(data, FLOATS, (row * columns + column) * Float.BYTES, target, 0, count);
    }

    /// Takes decoded elements.
    @FunctionalInterface
    public interface Taker {
        /// Takes the first elements of an array, which is used again afterwards.
        void take(float[] values, int count) throws IOException;
    }

    /// Decodes elements of any dtype that fp32 can represent.
    public static final class Floats {
        private static final int CHUNK = 4096;

        private final ElementCast cast;
        private final ValueScan scan = new ValueScan(DType.F32);
        private final float[] values = new float[CHUNK];

        public Floats(DType from) {
            this.cast = ElementCast.of(from, DType.F32, Place.nowhere());
        }

        /// Decodes all that remains in a buffer.
        public void each(ByteBuffer bytes, Taker taker) throws IOException {
            while (bytes.hasRemaining()) {
                int count = next(bytes, values, 0, values.length);
                taker.take(values, count);
            }
        }

        /// Decodes the next elements of a buffer, and advances it.
        ///
        /// @param target takes the numbers
        /// @param offset of the first one
        /// @param most   how many there is room for
        /// @return how many there were; at least one
        public int next(ByteBuffer bytes, float[] target, int offset, int most) {
            int count = cast.toFloats(bytes, target, offset, most, scan);
            if (count == 0) {
                throw new IllegalArgumentException(bytes.remaining() + " bytes are no whole element");
            }
            return count;
        }

        /// What was noticed about the values so far.
        public ValueScan scan() {
            return scan;
        }
    }
}
