package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.arguments.WatchArguments;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.WatchDisplay;
import io.github.cogvideo4j.inference.watch.WatchRequest;
import io.github.cogvideo4j.inference.watch.WatchRequest.FailOn;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cogvideo watch`: every checkpoint of a run sampled, scored and compared as soon as it is complete.
@Command(name = "watch")
public final class WatchCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "RUN", descriptionKey = "RUN")
    private Path run = Path.of("");

    @Option(names = "--output", paramLabel = "FOLDER", required = true)
    private Path output = Path.of("");

    @Mixin
    private final WatchArguments sampling = new WatchArguments();

    @Option(names = "--once")
    private boolean once;

    @Option(names = "--interval", paramLabel = "SECONDS", defaultValue = "10")
    private double interval = WatchRequest.USUAL_INTERVAL.toSeconds();

    @Option(names = "--fail-on", paramLabel = "WHAT,...", hideParamSyntax = true, split = ",")
    private List<FailOn> failOn = List.of();

    @Option(names = "--stop-file", paramLabel = "FILE")
    private Optional<Path> stopFile = Optional.empty();

    @Option(names = "--normal-priority")
    private boolean normalPriority;

    WatchCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        if (stopFile.isPresent() && failOn.isEmpty()) {
            throw new UsageException("cli.watch.needs", "--stop-file", "--fail-on");
        }
        WatchRequest request = new WatchRequest(
                run,
                sampling.sampling(),
                output,
                Set.copyOf(failOn),
                stopFile,
                once,
                interval(),
                sampling.memoryLimit(),
                !normalPriority);
        try (WatchDisplay display = new WatchDisplay(console, request);
                JobPlan<WatchRequest.Result> plan = request.plan(display.control())) {
            WatchRequest.Result result = plan.run(display.control());
            display.show(result);
            return result.stop().isPresent() ? ExitCode.PROBLEMS_FOUND : ExitCode.DONE;
        }
    }

    private Duration interval() {
        double longest = WatchRequest.LONGEST_INTERVAL.toSeconds();
        if (!(interval >= 0.1 && interval <= longest)) {
            throw new UsageException("cli.watch.interval", interval, "0.1", (long) longest);
        }
        return Duration.ofMillis(Math.round(interval * 1000));
    }
}
