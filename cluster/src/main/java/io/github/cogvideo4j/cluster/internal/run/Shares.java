package io.github.cogvideo4j.cluster.internal.run;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/// The dealing of results to machines that know nothing of each other: each deals all of them and takes its own. The
/// longest comes first, each to the one that has the least so far, so the parts take about the same time.
final class Shares {
    private double[] work = new double[1024];
    private long[] keys = new long[1024];
    private int size;

    void add(double amount, String key) {
        if (size == work.length) {
            work = Arrays.copyOf(work, 2 * size);
            keys = Arrays.copyOf(keys, 2 * size);
        }
        work[size] = amount;
        keys[size++] = Long.parseUnsignedLong(key.substring(0, 16), 16);
    }

    /// Whose each one is.
    int[] deal(int count) {
        int[] owners = new int[size];
        double[] loads = new double[count];
        int[] sizes = new int[count];
        IntStream.range(0, size)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -work[i])
                        .thenComparing((i, j) -> Long.compareUnsigned(keys[i], keys[j]))
                        .thenComparingInt(i -> i))
                .forEach(i -> {
                    int least = 0;
                    for (int part = 1; part < count; part++) {
                        if (loads[part] < loads[least] || (loads[part] == loads[least] && sizes[part] < sizes[least])) {
                            least = part;
                        }
                    }
                    owners[i] = least;
                    loads[least] += work[i];
                    sizes[least]++;
                });
        return owners;
    }
}
