package io.github.cogvideo4j.checkpoints.internal.cast;

import io.github.cogvideo4j.formats.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A decoder that turns stored elements of any real dtype into the bits of fp32 numbers: what C++'s
/// `static_cast<float>` gives, in the default rounding (to nearest, ties to even).
final class FloatDecoder {
    private static final ValueLayout.OfInt INTS = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORTS =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONGS = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int QUIET = 0x0040_0000;

    private final DType from;
    private final byte[] bytes;
    private final short[] shorts;
    private final long[] longs;
    private final int[] byteTable;

    FloatDecoder(DType from, int chunk) {
        this.from = from;
        int size = canDecode(from) ? from.bytes() : 0;
        this.bytes = new byte[size == 1 ? chunk : 0];
        this.shorts = new short[size == 2 ? chunk : 0];
        this.longs = new long[size == 8 ? chunk : 0];
        this.byteTable = size == 1 ? byteTable(from) : new int[0];
    }

    /// Whether elements of this type are real numbers in whole bytes.
    static boolean canDecode(DType type) {
        return switch (type) {
            case F4, F6_E2M3, F6_E3M2, C64, C128 -> false;
            default -> true;
        };
    }

    /// The elements of the last chunk as the bits of doubles, where they are fp64, else empty: what is finite
    /// there may be infinite in fp32.
    long[] doubles() {
        return from == DType.F64 ? longs : new long[0];
    }

    /// Decodes a run of elements.
    ///
    /// @param source little-endian elements
    /// @param offset the first one's byte
    /// @param bits   takes fp32 bits
    /// @param count  how many
    void decode(MemorySegment source, long offset, int[] bits, int count) {
        switch (from.bytes()) {
            case 1 -> {
                MemorySegment.copy(source, ValueLayout.JAVA_BYTE, offset, bytes, 0, count);
                for (int i = 0; i < count; i++) {
                    bits[i] = byteTable[bytes[i] & 0xFF];
                }
            }
            case 2 -> {
                MemorySegment.copy(source, SHORTS, offset, shorts, 0, count);
                fromShorts(bits, count);
            }
            case 4 -> {
                MemorySegment.copy(source, INTS, offset, bits, 0, count);
                fromInts(bits, count);
            }
            default -> {
                MemorySegment.copy(source, LONGS, offset, longs, 0, count);
                fromLongs(bits, count);
            }
        }
    }

    private void fromShorts(int[] bits, int count) {
        switch (from) {
            case BF16 -> {
                // Two loops: the compiler vectorises neither the widening nor the shift where they stand together.
                for (int i = 0; i < count; i++) {
                    bits[i] = shorts[i];
                }
                for (int i = 0; i < count; i++) {
                    bits[i] <<= 16;
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    bits[i] = halfToFloat(shorts[i]);
                }
            }
            case I16 -> {
                for (int i = 0; i < count; i++) {
                    bits[i] = Float.floatToRawIntBits(shorts[i]);
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    bits[i] = Float.floatToRawIntBits(shorts[i] & 0xFFFF);
                }
            }
        }
    }

    /// fp32 itself is copied, whatever its NaNs carry.
    private void fromInts(int[] bits, int count) {
        if (from == DType.I32) {
            for (int i = 0; i < count; i++) {
                bits[i] = Float.floatToRawIntBits((float) bits[i]);
            }
        } else if (from == DType.U32) {
            for (int i = 0; i < count; i++) {
                bits[i] = Float.floatToRawIntBits((float) (bits[i] & 0xFFFF_FFFFL));
            }
        }
    }

    private void fromLongs(int[] bits, int count) {
        switch (from) {
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    bits[i] = doubleToFloat(longs[i]);
                }
            }
            case I64 -> {
                for (int i = 0; i < count; i++) {
                    bits[i] = Float.floatToRawIntBits((float) longs[i]);
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    bits[i] = unsignedToFloat(longs[i]);
                }
            }
        }
    }

    /// A NaN keeps its payload and becomes quiet, as the processor's own conversion makes it.
    private static int halfToFloat(short half) {
        int bits = Float.floatToRawIntBits(Float.float16ToFloat(half));
        return (bits & ValueScan.MAGNITUDE) > ValueScan.INFINITY ? bits | QUIET : bits;
    }

    /// A NaN keeps the upper part of its payload and becomes quiet, as the processor's own conversion makes it.
    private static int doubleToFloat(long doubleBits) {
        double value = Double.longBitsToDouble(doubleBits);
        if (Double.isNaN(value)) {
            int sign = (int) (doubleBits >>> 32) & 0x8000_0000;
            return sign | ValueScan.INFINITY | QUIET | ((int) (doubleBits >>> 29) & 0x003F_FFFF);
        }
        return Float.floatToRawIntBits((float) value);
    }

    /// Java has no unsigned conversion. Halving with the lost bit kept as a sticky one rounds the same way.
    private static int unsignedToFloat(long value) {
        float number = value >= 0 ? (float) value : (float) ((value >>> 1) | (value & 1)) * 2;
        return Float.floatToRawIntBits(number);
    }

    private static int[] byteTable(DType type) {
        int[] table = new int[256];
        for (int code = 0; code < 256; code++) {
            table[code] = switch (type) {
                case BOOL -> Float.floatToRawIntBits(code == 0 ? 0 : 1);
                case U8 -> Float.floatToRawIntBits(code);
                case I8 -> Float.floatToRawIntBits((byte) code);
                default -> Float8.floatBits(type, code);
            };
        }
        return table;
    }
}
