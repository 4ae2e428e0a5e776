package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.KeepRule;
import io.github.cogvideo4j.cli.arguments.Choices;
import io.github.cogvideo4j.cli.arguments.KeepRuleConverter;
import io.github.cogvideo4j.cli.arguments.KeepRuleConverter.KeepWord;
import io.github.cogvideo4j.cli.arguments.ScoredSteps;
import io.github.cogvideo4j.cli.arguments.ThreadsArgument;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.PruneReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cogvideo prune`: what a run's checkpoints cost, and what of them can go.
@Command(name = "prune")
public final class PruneCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "RUN", descriptionKey = "RUN")
    private Path run = Path.of("");

    @Option(
            names = "--keep",
            paramLabel = "RULE,...",
            hideParamSyntax = true,
            split = ",",
            converter = KeepRuleConverter.class)
    private List<KeepWord> keep = List.of();

    @Option(names = "--scores", paramLabel = "FILE")
    private Optional<Path> scores = Optional.empty();

    @Option(names = "--to", paramLabel = "WHAT", defaultValue = "weights")
    private Remains to = Remains.WEIGHTS;

    @Option(names = "--base", paramLabel = "MODEL")
    private Optional<String> base = Optional.empty();

    @Option(names = "--output", paramLabel = "FOLDER")
    private Optional<Path> output = Optional.empty();

    @Option(
            names = "--dtype",
            paramLabel = "DTYPE",
            converter = Choices.DTypeConverter.class,
            completionCandidates = Choices.DTypeConverter.class)
    private Optional<TargetDType> dtype = Optional.empty();

    @Mixin
    private final ThreadsArgument threads = new ThreadsArgument();

    @Option(names = "--apply")
    private boolean apply;

    @Option(names = "--empty")
    private boolean empty;

    /// What remains of a checkpoint that goes.
    enum Remains {
        /// Its weights, converted and proven.
        WEIGHTS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    PruneCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        if (empty && !keep.isEmpty()) {
            throw new UsageException("cli.prune.both", "--empty", "--keep");
        }
        if (apply && !empty && keep.isEmpty()) {
            throw new UsageException("cli.prune.no-rule", to);
        }
        PruneRequest request =
                new PruneRequest(run, rules(), base, output, dtype.orElse(TargetDType.SOURCE), threads.count(), empty);
        PruneReport report;
        try (ConversionProgress progress = new ConversionProgress(console)) {
            report = new PruneReport(request, request.plan(progress.control()), console);
        }
        if (apply) {
            return report.apply();
        }
        report.showPlan();
        return ExitCode.DONE;
    }

    private List<KeepRule> rules() throws IOException {
        List<KeepRule> rules = new ArrayList<>();
        for (KeepWord word : keep) {
            rules.add(
                    switch (word.name()) {
                        case "last" -> new KeepRule.Last(word.number());
                        case "every" -> new KeepRule.Every(word.number());
                        case "step" -> new KeepRule.Step(word.number());
                        default -> best(word.measure());
                    });
        }
        return rules;
    }

    private KeepRule best(String measure) throws IOException {
        if (scores.isEmpty()) {
            throw new UsageException("cli.prune.needs-scores", measure);
        }
        return new KeepRule.Best(measure, ScoredSteps.read(scores.get(), measure));
    }
}
