package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.benchmarks.conversion.Spread;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.InferenceMode;

/// A model's forward against the bare calls of the same shapes, in turns, in one process.
///
///     InferenceBenchmark transformer|t5 [--precision fp32|bf16|both] [--rounds N]
public final class InferenceBenchmark {
    private static final int THREADS = 2;
    private static final double TICKS = 100;

    private InferenceBenchmark() {}

    /// Prints one row for each precision.
    public static void main(String[] args) throws IOException {
        Arguments arguments = Arguments.parse(args);
        String model = arguments.only("model (transformer or t5)");
        int rounds = Integer.parseInt(arguments.get("rounds", "3"));
        String precision = arguments.get("precision", "both").toUpperCase(Locale.ROOT);
        Torch.start(THREADS);
        System.out.println("| model | seconds | floor's seconds | ratio | CPU seconds | peak MiB |");
        System.out.println("|---|---|---|---|---|---|");
        for (Precision each : List.of(Precision.FP32, Precision.BF16)) {
            if (precision.equals("BOTH") || precision.equals(each.name())) {
                try (PointerScope _ = new PointerScope();
                        InferenceMode _ = Torch.inferenceMode();
                        MeasuredModel subject =
                                model.equals("t5") ? new T5Subject(each) : new TransformerSubject(each)) {
                    System.out.println(row(model + " " + each, subject, rounds));
                }
            }
        }
    }

    private static String row(String label, MeasuredModel subject, int rounds) throws IOException {
        seconds(subject::forward);
        long peak = status("VmHWM:");
        seconds(subject::floor);
        List<Double> ours = new ArrayList<>();
        List<Double> floors = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        List<Double> processor = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            double before = processorSeconds();
            ours.add(seconds(subject::forward));
            processor.add(processorSeconds() - before);
            floors.add(seconds(subject::floor));
            ratios.add(ours.getLast() / floors.getLast());
        }
        return "| %s | %s | %s | %s | %s | %d |"
                .formatted(
                        label,
                        Spread.of(ours),
                        Spread.of(floors),
                        Spread.of(ratios),
                        Spread.of(processor),
                        peak / 1024);
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        try (PointerScope _ = new PointerScope()) {
            work.run();
        }
        return (System.nanoTime() - start) / 1e9;
    }

    /// A line of `/proc/self/status`, in KiB. The peak is of the process: ask for one precision to know its
    /// own.
    static long status(String field) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    /// `utime` and `stime` of proc(5).
    static double processorSeconds() throws IOException {
        String stat = Files.readString(Path.of("/proc/self/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS;
    }
}
