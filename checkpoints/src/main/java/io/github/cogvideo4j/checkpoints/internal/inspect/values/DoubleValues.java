package io.github.cogvideo4j.checkpoints.internal.inspect.values;

import io.github.cogvideo4j.checkpoints.internal.cast.ElementCast;
import io.github.cogvideo4j.checkpoints.internal.cast.ValueScan;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Stored elements as doubles. Every real dtype up to 32 bits is exact; 64-bit integers round as a conversion to
/// double does.
public final class DoubleValues {
    /// The most elements that are decoded at once.
    static final int CHUNK = 4096;

    private final DType from;
    private final DType through;
    private final ElementCast cast;
    private final ValueScan scan;
    private final ByteBuffer decoded;
    private final double[] values = new double[CHUNK];

    /// @param from what is stored
    DoubleValues(DType from) {
        this.from = from;
        this.through = switch (from) {
            case F64, I64, U64, I32, U32 -> from;
            default -> DType.F32;
        };
        this.cast = ElementCast.of(from, through, Place.nowhere());
        this.scan = new ValueScan(through);
        this.decoded = ByteBuffer.allocate(CHUNK * through.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Whether elements of this type are real numbers in whole bytes.
    public static boolean canDecode(DType type) {
        return switch (type) {
            case F4, F6_E2M3, F6_E3M2, C64, C128 -> false;
            default -> true;
        };
    }

    /// The bytes of a stored element.
    int elementBytes() {
        return from.bytes();
    }

    /// Decodes the buffer's next elements, at most [#CHUNK], and advances it.
    ///
    /// @param source little-endian elements
    /// @return how many elements of [#values()] are valid
    int decode(ByteBuffer source) {
        decoded.clear();
        cast.cast(source, decoded, scan);
        int count = decoded.flip().remaining() / through.bytes();
        for (int i = 0; i < count; i++) {
            values[i] = switch (through) {
                case F32 -> decoded.getFloat(i * Float.BYTES);
                case F64 -> decoded.getDouble(i * Double.BYTES);
                case I32 -> decoded.getInt(i * Integer.BYTES);
                case U32 -> Integer.toUnsignedLong(decoded.getInt(i * Integer.BYTES));
                case I64 -> decoded.getLong(i * Long.BYTES);
                default -> unsigned(decoded.getLong(i * Long.BYTES));
            };
        }
        return count;
    }

    /// The elements that were decoded last.
    double[] values() {
        return values;
    }

    /// What was noticed so far.
    ValueScan scan() {
        return scan;
    }

    /// Halving with the lost bit kept as a sticky one rounds as an unsigned conversion would.
    private static double unsigned(long value) {
        return value >= 0 ? value : (double) ((value >>> 1) | (value & 1)) * 2;
    }
}
