package io.github.cogvideo4j.server.internal.worker;

import java.util.Arrays;

/// What the denoising steps of a job took, in nanoseconds, and from it what a step takes from now on.
///
/// The first step takes longer than the others: weights are read, and kernels are chosen. Of the others the last ones
/// count, because the machine may be faster or slower than it was at the beginning. They count with their mean, since
/// some take longer by design: those with a preview, those that a step cache does not spare.
final class StepTimes {
    private static final int RECENT = 16;
    /// From so many on it can be told that a slow one does not come again and again.
    private static final int TELLING = 8;

    private static final double MUCH_LONGER = 3;
    private static final double LONGER = 1.5;

    private final double[] recent = new double[RECENT];
    private int count;
    private double first;
    private double others;

    void add(double nanos) {
        if (count == 0) {
            first = nanos;
        } else {
            recent[(count - 1) % RECENT] = nanos;
            others += nanos;
        }
        count++;
    }

    int count() {
        return count;
    }

    /// What a step takes from now on. Only the first one is known when there is no other.
    double usual() {
        int known = Math.min(count - 1, RECENT);
        if (known < 1) {
            return first;
        }
        double[] sorted = Arrays.copyOf(recent, known);
        Arrays.sort(sorted);
        double median = sorted[known / 2];
        // The machine was busy once; that says nothing of the next steps.
        boolean once =
                known >= TELLING && sorted[known - 1] > MUCH_LONGER * median && sorted[known - 2] < LONGER * median;
        return Arrays.stream(sorted, 0, once ? known - 1 : known).average().orElseThrow();
    }

    /// What one took in the mean, the first one left out.
    double mean() {
        return count > 1 ? others / (count - 1) : first;
    }

    /// How much longer the first one took.
    double firstExcess() {
        return first - mean();
    }
}
