package io.github.cogvideo4j.checkpoints.inspect.values;

/// The distance that values moved from where they were.
///
/// @param elements        how many values
/// @param differenceSquares the sum of the squared differences
/// @param baseSquares     the sum of the squares of the base's values
/// @param largest         the largest difference of one value, as a magnitude
/// @param changed         how many values are not what they were
/// @param changedInBf16   how many of them still differ when both sides are rounded to bfloat16, in which
///                        inference runs
public record ValueChange(
        long elements, double differenceSquares, double baseSquares, double largest, long changed, long changedInBf16) {
    /// No values.
    public static final ValueChange NONE = new ValueChange(0, 0, 0, 0, 0, 0);

    /// Both together. Squares add up, so the change of a whole is that of its parts.
    public ValueChange plus(ValueChange other) {
        return new ValueChange(
                elements + other.elements,
                differenceSquares + other.differenceSquares,
                baseSquares + other.baseSquares,
                larger(largest, other.largest),
                changed + other.changed,
                changedInBf16 + other.changedInBf16);
    }

    /// The norm of the difference over the norm of the base: 0 when nothing changed, infinite when the base was
    /// all zeros and something did, NaN when either side holds a NaN or an infinite value.
    public double relative() {
        return differenceSquares == 0 ? 0 : Math.sqrt(differenceSquares) / Math.sqrt(baseSquares);
    }

    public static double larger(double a, double b) {
        return Double.isNaN(a) || Double.isNaN(b) ? Double.NaN : Math.max(a, b);
    }
}
