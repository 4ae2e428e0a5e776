package io.github.cogvideo4j.checkpoints.internal.cast;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The cast of elements from one dtype to another as torch does it on x86-64, which also watches the values on
/// their way.
///
/// Every cast goes through fp32, as torch's do: a chunk of elements is decoded to the bits of fp32 numbers in
/// an array that stays in the processor's cache, scanned, and encoded from there. The loops are over plain
/// arrays, which the compiler vectorises; where the bytes lie (on the heap, off it, mapped) makes no difference
/// to them.
///
/// Not safe for use by several threads: each makes its own.
public final class ElementCast {
    private static final int CHUNK = 4096;
    private static final ValueLayout.OfInt INTS = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORTS =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final DType from;
    private final DType to;
    private final FloatDecoder decoder;
    private final int[] bits = new int[CHUNK];
    private final short[] halves = new short[CHUNK];

    private ElementCast(DType from, DType to) {
        this.from = from;
        this.to = to;
        this.decoder = new FloatDecoder(from, CHUNK);
    }

    /// A cast.
    ///
    /// @param from  what is stored
    /// @param to    BF16, F16, F32, or the same type
    /// @param place the tensor, for messages
    /// @throws InvalidCheckpointException `unsupported-tensor` for complex numbers and for packed types, which
    /// no inference model has
    public static ElementCast of(DType from, DType to, Place place) {
        if (from != to && !FloatDecoder.canDecode(from)) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNSUPPORTED_TENSOR, place, "checkpoints.cast.unsupported", from, to);
        }
        if (from != to && to != DType.BF16 && to != DType.F16 && to != DType.F32) {
            throw new IllegalArgumentException("no cast to " + to);
        }
        return new ElementCast(from, to);
    }

    /// Casts as many whole elements as both buffers have room for, and advances both.
    ///
    /// @param source little-endian elements
    /// @param target takes little-endian elements
    /// @param scan   receives every value
    public void cast(ByteBuffer source, ByteBuffer target, ValueScan scan) {
        if (!FloatDecoder.canDecode(from)) {
            copy(source, target, Math.min(source.remaining(), target.remaining()));
            return;
        }
        int elements = Math.min(source.remaining() / from.bytes(), target.remaining() / to.bytes());
        MemorySegment in = MemorySegment.ofBuffer(source);
        MemorySegment out = MemorySegment.ofBuffer(target);
        for (int done = 0; done < elements; done += CHUNK) {
            int count = Math.min(CHUNK, elements - done);
            decoder.decode(in, (long) done * from.bytes(), bits, count);
            int largest = largestMagnitude(count);
            scan.accept(bits, decoder.doubles(), count, largest);
            if (from != to) {
                encode(out, (long) done * to.bytes(), count, largest);
            }
        }
        if (from == to) {
            copy(source, target, elements * from.bytes());
        } else {
            source.position(source.position() + elements * from.bytes());
            target.position(target.position() + elements * to.bytes());
        }
    }

    /// Casts to fp32 numbers in an array, as many whole elements as the source has and there is room for, and
    /// advances the source.
    ///
    /// @param source little-endian elements of a type that can be cast
    /// @param target takes the numbers
    /// @param offset of the first one
    /// @param most   how many there is room for
    /// @param scan   receives every value
    /// @return how many there were
    public int toFloats(ByteBuffer source, float[] target, int offset, int most, ValueScan scan) {
        int elements = Math.min(source.remaining() / from.bytes(), most);
        MemorySegment in = MemorySegment.ofBuffer(source);
        MemorySegment out = MemorySegment.ofArray(target);
        MemorySegment decoded = MemorySegment.ofArray(bits);
        for (int done = 0; done < elements; done += CHUNK) {
            int count = Math.min(CHUNK, elements - done);
            decoder.decode(in, (long) done * from.bytes(), bits, count);
            scan.accept(bits, decoder.doubles(), count, largestMagnitude(count));
            // A copy of the bits: a loop that calls Float.intBitsToFloat is not vectorised.
            MemorySegment.copy(decoded, 0, out, (long) (offset + done) * Float.BYTES, (long) count * Float.BYTES);
        }
        source.position(source.position() + elements * from.bytes());
        return elements;
    }

    private static void copy(ByteBuffer source, ByteBuffer target, int bytes) {
        target.put(source.slice(source.position(), bytes));
        source.position(source.position() + bytes);
    }

    /// The fp32 bits, without sign, of the largest magnitude in a chunk; above infinity's bits there is a NaN.
    private int largestMagnitude(int count) {
        int largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, bits[i] & ValueScan.MAGNITUDE);
        }
        return largest;
    }

    private void encode(MemorySegment out, long offset, int count, int largest) {
        switch (to) {
            case BF16 -> {
                if (largest > ValueScan.INFINITY) {
                    roundToBrainFloatWithNaN(count);
                } else {
                    roundToBrainFloat(count);
                }
                MemorySegment.copy(halves, 0, out, SHORTS, offset, count);
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    halves[i] = Float.floatToFloat16(Float.intBitsToFloat(bits[i]));
                }
                MemorySegment.copy(halves, 0, out, SHORTS, offset, count);
            }
            default -> MemorySegment.copy(bits, 0, out, INTS, offset, count);
        }
    }

    /// Round to nearest, ties to even: bfloat16 is the upper half of fp32's bits.
    private void roundToBrainFloat(int count) {
        for (int i = 0; i < count; i++) {
            int value = bits[i];
            bits[i] = (value + 0x7FFF + ((value >>> 16) & 1)) >>> 16;
        }
        // A loop of its own: the compiler vectorises the one above only when nothing narrows in it.
        for (int i = 0; i < count; i++) {
            halves[i] = (short) bits[i];
        }
    }

    /// The same where a chunk has a NaN. torch's vector code makes 0xFFFF of it when it comes from fp32 or
    /// fp64, its scalar code, which serves the other types, 0x7FC0.
    private void roundToBrainFloatWithNaN(int count) {
        short nan = (short) (from == DType.F32 || from == DType.F64 ? 0xFFFF : 0x7FC0);
        for (int i = 0; i < count; i++) {
            int value = bits[i];
            halves[i] = (value & ValueScan.MAGNITUDE) > ValueScan.INFINITY
                    ? nan
                    : (short) ((value + 0x7FFF + ((value >>> 16) & 1)) >>> 16);
        }
    }
}
