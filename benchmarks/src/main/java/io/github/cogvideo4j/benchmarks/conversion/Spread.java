package io.github.cogvideo4j.benchmarks.conversion;

import java.util.List;
import java.util.Locale;

/// Least, middle and most of several measurements.
///
/// @param min    the least
/// @param median the middle
/// @param max    the most
public record Spread(double min, double median, double max) {
    /// The spread of at least one value.
    public static Spread of(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        return new Spread(sorted.getFirst(), median, sorted.getLast());
    }

    /// `median (min to max)`.
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.2f (%.2f to %.2f)", median, min, max);
    }
}
