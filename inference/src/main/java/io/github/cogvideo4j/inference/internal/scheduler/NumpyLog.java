package io.github.cogvideo4j.inference.internal.scheduler;

/// NumPy's natural logarithm of fp32 numbers, to the bit. Where diffusers takes logarithms with NumPy, the
/// difference of two of them magnifies the last bit: a correctly rounded one is not close enough.
///
/// Source: the vector loops of NumPy (`loops_exponent_log`), a quotient of two polynomials of degree 5 on
/// mantissas around 1.
public final class NumpyLog {
    private static final float LN2 = 0.693147180559945309f;
    private static final float ROOT_OF_HALF = 0.70710678118654752f;
    private static final float[] ABOVE = {
        0f,
        9.999999999999998702e-01f,
        2.112677543073053063e+00f,
        1.480000633576506585e+00f,
        3.808837741388407920e-01f,
        2.589979117907922693e-02f
    };
    private static final float[] BELOW = {
        1f,
        2.612677543073109236e+00f,
        2.453006071784736363e+00f,
        9.864942958519418960e-01f,
        1.546476374983906719e-01f,
        5.875095403124574342e-03f
    };

    private NumpyLog() {}

    /// The logarithm of a positive, normal number.
    public static float of(float x) {
        int exponent = Math.getExponent(x) + 1;
        float mantissa = Math.scalb(x, -exponent);
        if (mantissa <= ROOT_OF_HALF) {
            exponent--;
            mantissa += mantissa;
        }
        float y = mantissa - 1;
        return Math.fma((float) exponent, LN2, polynomial(ABOVE, y) / polynomial(BELOW, y));
    }

    private static float polynomial(float[] coefficients, float x) {
        float value = coefficients[coefficients.length - 1];
        for (int i = coefficients.length - 2; i >= 0; i--) {
            value = Math.fma(value, x, coefficients[i]);
        }
        return value;
    }
}
