package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.ScoreText;
import io.github.cogvideo4j.inference.output.OutputFile;
import io.github.cogvideo4j.inference.quality.ScoreReport;
import io.github.cogvideo4j.inference.quality.ScoreRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo score`: what can be measured of videos, by themselves and against a reference.
@Command(name = "score")
public final class ScoreCommand extends ConsoleCommand {
    @Parameters(arity = "1..*", paramLabel = "VIDEO", descriptionKey = "VIDEO")
    private List<Path> videos = List.of();

    @Option(names = "--against", paramLabel = "REFERENCE")
    private Optional<Path> against = Optional.empty();

    @Option(names = "--csv", paramLabel = "FILE")
    private Optional<Path> csv = Optional.empty();

    @Option(names = "--html", paramLabel = "FILE")
    private Optional<Path> html = Optional.empty();

    @Option(names = "--overwrite")
    private boolean overwrite;

    ScoreCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        check("--csv", csv, ".csv");
        check("--html", html, ".html");
        ScoreReport report;
        try (ConversionProgress progress = new ConversionProgress(console);
                JobPlan<ScoreReport> plan = new ScoreRequest(videos, against).plan(progress.control())) {
            report = plan.run(progress.control());
        }
        new ScoreText(console, report).print();
        ObjectNode result = report.json();
        if (csv.isPresent()) {
            write(csv.get(), report.csv());
            result.put("csv", csv.get().toString());
        }
        if (html.isPresent()) {
            write(html.get(), report.page(console.locale()));
            result.put("page", html.get().toString());
        }
        console.result(result);
        return report.isSound() ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }

    private void check(String option, Optional<Path> file, String ending) throws IOException {
        if (file.isPresent()) {
            if (!file.get().toString().toLowerCase(Locale.ROOT).endsWith(ending)) {
                throw new UsageException("cli.score.ending", option, file.get(), ending);
            }
            OutputFile.check(file.get(), overwrite);
        }
    }

    private void write(Path file, String text) throws IOException {
        OutputFile.write(file, overwrite, unfinished -> Files.writeString(unfinished, text));
        console.print("cli.score.wrote", file);
    }
}
