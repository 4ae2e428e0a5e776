package io.github.cogvideo4j.benchmarks.conversion;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The measurement of a conversion, or a merge, against its floor, in turn, in one run: floor with one thread,
/// conversion, floor with two threads, and again. A round's ratio is the conversion's time over the faster floor of
/// the same round.
///
/// Before each measurement what the one before wrote is deleted and the disk is quiet. Cold means that the
/// checkpoint's pages have been dropped from the cache (the program itself has just run and is in it); warm
/// that all of them are in it.
public final class ConversionBenchmark {
    private static final int FLOOR_THREADS = 2;

    private final List<Path> sources;
    private final Path output;
    private final List<String> command;
    private final boolean cold;
    private final Floor floor;

    private ConversionBenchmark(List<Path> sources, Path output, List<String> command, boolean cold)
            throws IOException {
        this.sources = List.copyOf(sources);
        this.output = output;
        this.command = command;
        this.cold = cold;
        this.floor = new Floor(plan(), output);
    }

    private ConversionPlan plan() throws IOException {
        if (sources.size() > 1) {
            MergeRequest.Plan merge = MergeRequest.of(sources, output).plan(JobControl.none());
            return ((MergeRequest.Plan.Models) merge).conversion();
        }
        Checkpoint checkpoint = Checkpoints.open(sources.getFirst(), SourceOptions.defaults());
        return ConversionPlanner.plan(checkpoint, output, Optional.empty(), ConversionOptions.defaults());
    }

    /// `[--rounds N] [--cache cold|warm] [--sources N] SOURCE... OUTPUT COMMAND...`: the command is given sources
    /// (one, unless N says otherwise) and output as its last arguments. OUTPUT must not exist; it is deleted after
    /// each measurement. Prints a row of a Markdown table.
    public static void main(String[] args) throws IOException, InterruptedException {
        Arguments arguments = Arguments.parse(args);
        if (arguments.has("header")) {
            System.out.print(header());
        }
        List<String> operands = arguments.operands();
        int count = Integer.parseInt(arguments.get("sources", "1"));
        List<Path> sources = operands.subList(0, count).stream().map(Path::of).toList();
        Path output = Path.of(operands.get(count)).toAbsolutePath();
        if (Files.exists(output)) {
            throw new IllegalArgumentException(output + " exists");
        }
        boolean cold = arguments.get("cache", "warm").equals("cold");
        int rounds = Integer.parseInt(arguments.get("rounds", "5"));
        String label = arguments.get("label", sources.toString());
        new ConversionBenchmark(sources, output, operands.subList(count + 1, operands.size()), cold)
                .measure(label, rounds);
    }

    private static String header() {
        return "| checkpoint | cache | read | write | floor, s | conversion, s | ratio | CPU, s | own memory, MiB"
                + " | resident, MiB |\n|---|---|---|---|---|---|---|---|---|---|\n";
    }

    private void measure(String label, int rounds) throws IOException, InterruptedException {
        List<Double> floors = new ArrayList<>();
        List<Double> times = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        List<Double> cpu = new ArrayList<>();
        double anonymous = 0;
        double resident = 0;
        prepare();
        convert();
        for (int round = 0; round < rounds; round++) {
            prepare();
            double alone = floor.run(1);
            prepare();
            ProcessMeasurement conversion = convert();
            prepare();
            double best = Math.min(alone, floor.run(FLOOR_THREADS));
            floors.add(best);
            times.add(conversion.seconds());
            ratios.add(conversion.seconds() / best);
            cpu.add(conversion.cpuSeconds());
            anonymous = Math.max(anonymous, conversion.anonymousMiB());
            resident = Math.max(resident, conversion.residentMiB());
        }
        FolderDeletion.delete(output);
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %.2f GB | %.2f GB | %s | %s | %s | %s | %.0f | %.0f |%n",
                label,
                cold ? "cold" : "warm",
                floor.readBytes() / 1e9,
                floor.writtenBytes() / 1e9,
                Spread.of(floors),
                Spread.of(times),
                Spread.of(ratios),
                Spread.of(cpu),
                anonymous,
                resident);
    }

    private ProcessMeasurement convert() throws IOException, InterruptedException {
        List<String> whole = new ArrayList<>(command);
        sources.forEach(source -> whole.add(source.toString()));
        whole.add(output.toString());
        return ProcessMeasurement.of(whole);
    }

    private void prepare() throws IOException, InterruptedException {
        FolderDeletion.delete(output);
        run("sync");
        if (cold) {
            // One checkpoint file after the other is dropped, so that the program stays in the cache.
            for (Path source : sources) {
                try (var files = Files.walk(source)) {
                    for (Path file : files.filter(Files::isRegularFile).toList()) {
                        run("dd", "if=" + file, "iflag=nocache", "count=0", "status=none");
                    }
                }
            }
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed");
        }
    }
}
