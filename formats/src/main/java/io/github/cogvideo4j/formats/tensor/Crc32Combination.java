package io.github.cogvideo4j.formats.tensor;

/// The combination of the CRC-32 of two neighbouring runs of bytes into the CRC-32 of both, without the bytes.
///
/// A CRC is a remainder of polynomial division over GF(2), so appending n bytes multiplies the first remainder
/// by x^(8n) modulo the CRC's polynomial. Bits are reflected, as in ZIP: bit 31 is the coefficient of x^0.
final class Crc32Combination {
    private static final int POLYNOMIAL = 0xEDB88320;
    private static final int ONE = 1 << 31;
    /// `POWERS[k]` is x^(2^k) modulo the polynomial.
    private static final int[] POWERS = powers();

    private Crc32Combination() {}

    /// The CRC-32 of two runs, from theirs and the length of the second.
    static long combine(long first, long second, long secondLength) {
        return (multiply(powerOfX(secondLength), (int) first) ^ (int) second) & 0xFFFFFFFFL;
    }

    /// x^(8 * bytes) modulo the polynomial.
    private static int powerOfX(long bytes) {
        int result = ONE;
        // Eight bits a byte: start at x^(2^3). The powers repeat with period 2^32 - 1, so an index of 31 or
        // more wraps.
        for (int k = 3; bytes != 0; bytes >>>= 1, k++) {
            if ((bytes & 1) != 0) {
                result = multiply(POWERS[k & 31], result);
            }
        }
        return result;
    }

    private static int multiply(int a, int b) {
        int product = 0;
        for (int bit = ONE; bit != 0; bit >>>= 1) {
            if ((a & bit) != 0) {
                product ^= b;
            }
            b = (b & 1) != 0 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
        }
        return product;
    }

    private static int[] powers() {
        int[] powers = new int[32];
        powers[0] = ONE >>> 1;
        for (int k = 1; k < powers.length; k++) {
            powers[k] = multiply(powers[k - 1], powers[k - 1]);
        }
        return powers;
    }
}
