package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.conversion.Spread;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// What a piece of work took.
///
/// @param wall in seconds
/// @param cpu  in seconds of all processors
record Taken(double wall, double cpu) {
    /// The work.
    @FunctionalInterface
    interface Making {
        void make() throws IOException, InterruptedException;
    }

    /// Measures work that a process does.
    static Taken by(ProcessHandle process, Making making) throws IOException, InterruptedException {
        Duration before = process.info().totalCpuDuration().orElseThrow();
        long begin = System.nanoTime();
        making.make();
        double wall = (System.nanoTime() - begin) / 1e9;
        Duration cpu = process.info().totalCpuDuration().orElseThrow().minus(before);
        return new Taken(wall, cpu.toNanos() / 1e9);
    }

    /// The ratios of measurements that were made in turn. The first pair is left out: it opened the model.
    static Spread ratios(List<Taken> counters, List<Taken> denominators, ToDoubleFunction<Taken> figure) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 1; i < counters.size(); i++) {
            ratios.add(figure.applyAsDouble(counters.get(i)) / figure.applyAsDouble(denominators.get(i)));
        }
        return Spread.of(ratios);
    }
}
