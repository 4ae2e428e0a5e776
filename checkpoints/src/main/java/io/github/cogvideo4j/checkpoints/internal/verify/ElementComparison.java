package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.cast.ElementCast;
import io.github.cogvideo4j.checkpoints.internal.cast.ValueScan;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/// The comparison of runs of elements of one tensor, to the bit, which keeps count of the differences.
public final class ElementComparison {
    private final DType dtype;
    private final int bytes;
    private long seen;
    private long count;
    private long first = -1;
    private double largest;

    public ElementComparison(DType dtype) {
        this.dtype = dtype;
        // Packed elements share bytes; they are compared byte by byte.
        this.bytes = dtype.bits() % 8 == 0 ? dtype.bytes() : 1;
    }

    /// Compares the remaining bytes of two buffers, which hold the same number of whole elements.
    public void compare(ByteBuffer expected, ByteBuffer found) {
        int length = expected.remaining();
        if (expected.mismatch(found) >= 0) {
            for (int start = 0; start < length; start += bytes) {
                ByteBuffer a = expected.slice(expected.position() + start, bytes);
                ByteBuffer b = found.slice(found.position() + start, bytes);
                if (a.mismatch(b) >= 0) {
                    count++;
                    first = first < 0 ? seen + start / bytes : first;
                    largest = larger(largest, Math.abs(number(a) - number(b)));
                }
            }
        }
        seen += length / bytes;
    }

    /// What was found.
    public Optional<TensorDifference> difference(String name) {
        return count == 0 ? Optional.empty() : Optional.of(new TensorDifference.Values(name, count, first, largest));
    }

    private static double larger(double a, double b) {
        return Double.isNaN(a) || Double.isNaN(b) ? Double.NaN : Math.max(a, b);
    }

    private double number(ByteBuffer element) {
        ByteBuffer value = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try {
            ElementCast.of(dtype, DType.F32, Place.nowhere())
                    .cast(element.order(ByteOrder.LITTLE_ENDIAN), value, new ValueScan(DType.F32));
        } catch (FormatException | CheckpointException unreadable) {
            return Double.NaN; // A type without a single real value, such as a complex number.
        }
        return value.getFloat(0);
    }
}
