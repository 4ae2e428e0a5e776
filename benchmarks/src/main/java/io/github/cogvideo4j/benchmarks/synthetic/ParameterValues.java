package io.github.cogvideo4j.benchmarks.synthetic;

import io.github.cogvideo4j.formats.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The values of a synthetic model: parameter number i is a hash of i, so that every layout of the same model,
/// whatever its stage and ranks, holds the same state dict.
///
/// A value has a random sign and mantissa and a magnitude from 2^-8 to 1, which no cast makes zero or infinite.
/// The loops are over plain arrays, which the compiler vectorises.
final class ParameterValues {
    private static final int CHUNK = 4096;
    private static final int SIGN_AND_MANTISSA = 0x807F_FFFF;
    private static final int LEAST_EXPONENT = 127 - 8;
    private static final ValueLayout.OfInt INTS = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORTS =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int[] bits = new int[CHUNK];
    private final short[] halves = new short[CHUNK];

    /// Fills a buffer's remaining space.
    ///
    /// @param dtype  fp32, or bf16 rounded from it
    /// @param start  the number of the first parameter
    /// @param buffer takes whole elements
    void fill(DType dtype, long start, ByteBuffer buffer) {
        int elements = buffer.remaining() / dtype.bytes();
        MemorySegment out = MemorySegment.ofBuffer(buffer);
        for (int done = 0; done < elements; done += CHUNK) {
            int count = Math.min(CHUNK, elements - done);
            generate((int) (start + done), count);
            if (dtype == DType.BF16) {
                round(count);
                MemorySegment.copy(halves, 0, out, SHORTS, (long) done * Short.BYTES, count);
            } else {
                MemorySegment.copy(bits, 0, out, INTS, (long) done * Integer.BYTES, count);
            }
        }
        buffer.position(buffer.position() + elements * dtype.bytes());
    }

    /// The finishing steps of MurmurHash3, which spread a counter over all bits. Beyond 2^32 parameters the
    /// values repeat.
    private void generate(int start, int count) {
        for (int i = 0; i < count; i++) {
            int hash = start + i;
            hash = (hash ^ (hash >>> 16)) * 0x85EBCA6B;
            hash = (hash ^ (hash >>> 13)) * 0xC2B2AE35;
            hash ^= hash >>> 16;
            bits[i] = (hash & SIGN_AND_MANTISSA) | ((LEAST_EXPONENT + ((hash >>> 23) & 7)) << 23);
        }
    }

    /// To nearest, ties to even.
    private void round(int count) {
        for (int i = 0; i < count; i++) {
            halves[i] = (short) ((bits[i] + 0x7FFF + ((bits[i] >>> 16) & 1)) >>> 16);
        }
    }
}
