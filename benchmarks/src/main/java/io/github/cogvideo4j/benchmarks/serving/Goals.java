package io.github.cogvideo4j.benchmarks.serving;

import java.util.List;
import java.util.Locale;

/// Figures and what they have to be. A figure that misses its goal is remembered.
final class Goals {
    private boolean missed;

    /// Prints a figure that may be as large as a goal.
    void most(String what, double value, double goal, String unit) {
        print(what, value, goal, unit, value / goal);
    }

    /// Prints a figure that has to be as large as a goal.
    void least(String what, double value, double goal, String unit) {
        print(what, value, goal, unit, goal / value);
    }

    @SuppressWarnings("SystemOut")
    private void print(String what, double value, double goal, String unit, double ratio) {
        missed = missed || !(ratio <= 1);
        System.out.printf(
                Locale.ROOT,
                "%-4s %-62s %9.2f %-3s of %7.1f: %.2f%n",
                ratio <= 1 ? "ok" : "MISS",
                what,
                value,
                unit,
                goal,
                ratio);
    }

    /// Prints a figure that has no goal.
    @SuppressWarnings("SystemOut")
    void tell(String what, double value, String unit) {
        System.out.printf(Locale.ROOT, "     %-62s %9.2f %s%n", what, value, unit);
    }

    boolean isMissed() {
        return missed;
    }

    /// The value that a share of all values is not above.
    static double quantile(List<Double> values, double share) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(Math.min(sorted.size() - 1, (int) Math.ceil(share * sorted.size()) - 1));
    }

    static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    static double megabytes(long bytes) {
        return bytes / 1e6;
    }
}
