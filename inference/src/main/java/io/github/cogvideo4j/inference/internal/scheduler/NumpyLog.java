package io.github.cogvideo4j.inference.internal.scheduler;

/// NumPy's natural logarithm of fp32 numbers, to the bit. Where diffusers takes logarithms with NumPy, the
/// difference of two of them magnifies the last bit: a correctly rounded one is not close enough.
///
/// Source: the vector loops of NumPy (`loops_exponent_log`), a quotient of two polynomials of degree 5 on
/// mantissas around 1.
public final class NumpyLog {
    private static final float LN2 = 0.6931472f;
    private static final float ROOT_OF_HALF = 0.70710677f;
    private static final float[] ABOVE = {0f, 1f, 2.1126776f, 1.4800006f, 0.38088378f, 0.025899792f};
    private static final float[] BELOW = {1f, 2.6126776f, 2.453006f, 0.9864943f, 0.15464763f, 0.0058750953f};

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
