package io.github.cogvideo4j.checkpoints.internal.cast;

import io.github.cogvideo4j.formats.tensor.DType;

/// The 8-bit floating point formats, decoded.
///
/// Sources: the OCP specifications of 8-bit floating point (E4M3, E5M2) and of microscaling formats (E8M0); for
/// the `FNUZ` variants "8-bit Numerical Formats for Deep Neural Networks" (their bias is one larger, they have
/// no infinity and no negative zero, whose code is their NaN). The bits of a NaN are those that torch gives.
final class Float8 {
    private static final int UNSIGNED_NAN = 0x7F80_0001;

    private Float8() {}

    /// The fp32 bits of a code.
    static int floatBits(DType type, int code) {
        return switch (type) {
            case F8_E4M3 -> (code & 0x7F) == 0x7F ? sign(code) | 0x7FF0_0000 : number(code, 3, 7);
            case F8_E5M2 -> (code & 0x7C) == 0x7C ? sign(code) | 0x7F80_0000 | ((code & 3) << 21) : number(code, 2, 15);
            case F8_E4M3FNUZ -> code == 0x80 ? UNSIGNED_NAN : number(code, 3, 8);
            case F8_E5M2FNUZ -> code == 0x80 ? UNSIGNED_NAN : number(code, 2, 16);
            case F8_E8M0 -> code == 0xFF ? UNSIGNED_NAN : Float.floatToRawIntBits(Math.scalb(1f, code - 127));
            default -> throw new IllegalArgumentException(type + " is not an 8-bit floating point type");
        };
    }

    private static int sign(int code) {
        return (code & 0x80) << 24;
    }

    /// Sign, exponent, mantissa; exponent 0 is subnormal. Every such number is exact in fp32.
    private static int number(int code, int mantissaBits, int bias) {
        int mantissa = code & ((1 << mantissaBits) - 1);
        int exponent = (code & 0x7F) >>> mantissaBits;
        float magnitude = exponent == 0
                ? Math.scalb((float) mantissa, 1 - bias - mantissaBits)
                : Math.scalb((float) (mantissa | (1 << mantissaBits)), exponent - bias - mantissaBits);
        return sign(code) | Float.floatToRawIntBits(magnitude);
    }
}
