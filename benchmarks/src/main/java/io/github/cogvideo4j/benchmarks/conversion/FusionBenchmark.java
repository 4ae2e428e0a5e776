package io.github.cogvideo4j.benchmarks.conversion;

import io.github.cogvideo4j.benchmarks.Arguments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// The measurement of what a command takes from its start to its end; prints a row of a Markdown table.
public final class FusionBenchmark {
    private FusionBenchmark() {}

    /// `--label TEXT --output FOLDER COMMAND...`: FOLDER, which the command makes, must not exist.
    public static void main(String[] args) throws IOException, InterruptedException {
        Arguments arguments = Arguments.parse(args);
        Path output = Path.of(arguments.get("output", ""));
        if (Files.exists(output)) {
            throw new IllegalArgumentException(output + " exists");
        }
        List<String> command = arguments.operands();
        ProcessMeasurement taken = ProcessMeasurement.of(command);
        System.out.printf(
                Locale.ROOT,
                "| %s | %.1f | %.1f | %.0f | %.0f |%n",
                arguments.get("label", ""),
                taken.seconds(),
                taken.cpuSeconds(),
                taken.anonymousMiB(),
                taken.residentMiB());
    }
}
