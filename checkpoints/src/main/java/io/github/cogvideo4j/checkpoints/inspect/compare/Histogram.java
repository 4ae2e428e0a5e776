package io.github.cogvideo4j.checkpoints.inspect.compare;

import java.util.ArrayList;
import java.util.List;

/// How many tensors changed how much, in steps that are equal on a logarithmic scale.
///
/// @param bins      the steps, from the smallest change to the largest, without gaps
/// @param unchanged how many tensors did not change at all
/// @param beyond    how many have no finite change: the base was all zeros, or a side holds NaN
public record Histogram(List<Bin> bins, long unchanged, long beyond) {
    /// Steps to a factor of ten: readable for changes that span one decade as well as six.
    private static final int STEPS = 6;

    /// Changes further apart than this are put together at the lower end.
    private static final int MOST_STEPS = 60;

    /// One step.
    ///
    /// @param from  the smallest relative change in it
    /// @param to    where the next one begins
    /// @param count how many tensors
    public record Bin(double from, double to, long count) {}

    /// Copies the list.
    public Histogram {
        bins = List.copyOf(bins);
    }

    /// The histogram of a comparison's tensors.
    public static Histogram of(List<TensorChange> tensors) {
        List<Integer> steps = tensors.stream()
                .map(TensorChange::relative)
                .filter(change -> change > 0 && Double.isFinite(change))
                .map(Histogram::step)
                .toList();
        List<Bin> bins = new ArrayList<>();
        if (!steps.isEmpty()) {
            int last = steps.stream().mapToInt(Integer::intValue).max().orElseThrow();
            int first =
                    Math.max(steps.stream().mapToInt(Integer::intValue).min().orElseThrow(), last - MOST_STEPS + 1);
            for (int step = first; step <= last; step++) {
                int current = step;
                bins.add(new Bin(
                        edge(step),
                        edge(step + 1),
                        steps.stream()
                                .filter(s -> Math.max(s, first) == current)
                                .count()));
            }
        }
        long unchanged =
                tensors.stream().filter(tensor -> tensor.relative() == 0).count();
        return new Histogram(bins, unchanged, tensors.size() - steps.size() - unchanged);
    }

    private static int step(double change) {
        return (int) Math.floor(Math.log10(change) * STEPS);
    }

    private static double edge(int step) {
        return Math.pow(10, (double) step / STEPS);
    }
}
