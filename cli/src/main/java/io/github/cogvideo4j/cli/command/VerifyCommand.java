package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.cli.arguments.SourceArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.VerificationText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cogvideo verify`: proves a folder intact, and equal to its source.
@Command(name = "verify")
public final class VerifyCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "MODEL", descriptionKey = "MODEL")
    private String model = "";

    @Option(names = "--against", paramLabel = "CHECKPOINT")
    private List<Path> against = List.of();

    @Option(names = "--lora", paramLabel = "ADAPTER")
    private List<Path> lora = List.of();

    @Option(names = "--base", paramLabel = "MODEL")
    private Optional<String> base = Optional.empty();

    @Option(names = "--deep")
    private boolean deep;

    @Mixin
    private final SourceArguments source = new SourceArguments();

    VerifyCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        if (against.isEmpty() && source.given()) {
            throw new UsageException("cli.verify.needs-against");
        }
        if (against.isEmpty() && base.isPresent()) {
            throw new UsageException("cli.verify.base-needs-against");
        }
        if (against.isEmpty() && !lora.isEmpty()) {
            throw new UsageException("cli.verify.lora-needs-against");
        }
        if (!against.isEmpty() && deep) {
            throw new UsageException("cli.verify.deep-against");
        }
        VerificationRequest request = new VerificationRequest(
                model,
                against.stream().findFirst(),
                lora,
                against.stream().skip(1).toList(),
                base,
                source.given() ? Optional.of(source.options()) : Optional.empty(),
                deep,
                Runtime.getRuntime().availableProcessors());
        VerificationReport report;
        try (ConversionProgress progress = new ConversionProgress(console)) {
            report = plan(request, progress.control()).run(progress.control());
        }
        return new VerificationText(console).show(report);
    }

    /// A fused model needs its adapters and a merged one its sources, and how they are given is for the command
    /// line to say.
    private static JobPlan<VerificationReport> plan(VerificationRequest request, JobControl control)
            throws IOException {
        try {
            return request.plan(control);
        } catch (InvalidRequestException e) {
            String key = switch (e.problem().message().key()) {
                case "checkpoints.verify.adapters" -> "cli.verify.fused";
                case "checkpoints.verify.merged" -> "cli.verify.merged";
                case "checkpoints.verify.merged-with-base" -> "cli.verify.merged-with-base";
                default -> throw e;
            };
            throw new UsageException(key, e.problem().message().arguments().toArray());
        }
    }
}
