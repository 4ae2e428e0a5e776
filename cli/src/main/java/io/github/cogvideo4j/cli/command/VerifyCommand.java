package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.cli.arguments.SourceArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo verify`: proves a folder intact, and equal to its source.
@Command(name = "verify")
public final class VerifyCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "MODEL", descriptionKey = "MODEL")
    private String model = "";

    @Option(names = "--against", paramLabel = "CHECKPOINT")
    private Optional<Path> against = Optional.empty();

    @Option(names = "--lora", paramLabel = "ADAPTER")
    private List<Path> lora = List.of();

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
        if (against.isEmpty() && !lora.isEmpty()) {
            throw new UsageException("cli.verify.lora-needs-against");
        }
        if (against.isPresent() && deep) {
            throw new UsageException("cli.verify.deep-against");
        }
        VerificationRequest request = new VerificationRequest(
                model,
                against,
                against.isPresent() ? lora : List.of(),
                source.given() ? Optional.of(source.options()) : Optional.empty(),
                deep,
                Runtime.getRuntime().availableProcessors());
        VerificationReport report;
        try (ConversionProgress progress = new ConversionProgress(console)) {
            report = plan(request, progress.control()).run(progress.control());
        }
        report.warnings().forEach(console::warn);
        return report.source().isPresent() ? compared(report, report.source().get()) : checked(report);
    }

    /// A fused model needs its adapters, and how they are given is for the command line to say.
    private static JobPlan<VerificationReport> plan(VerificationRequest request, JobControl control)
            throws IOException {
        try {
            return request.plan(control);
        } catch (InvalidRequestException e) {
            throw new UsageException(
                    "cli.verify.fused", e.problem().message().arguments().toArray());
        }
    }

    private ExitCode checked(VerificationReport report) {
        ObjectNode result = JsonFile.newObject();
        result.put("manifest", report.manifest());
        result.put("files", report.files());
        result.put("tensors", report.tensors());
        if (report.problems().isEmpty()) {
            console.print(
                    report.manifest() ? "cli.verify.intact" : "cli.verify.sound",
                    report.folder(),
                    report.tensors(),
                    ByteSize.of(report.bytes()));
        }
        return finish(report.problems(), result);
    }

    private ExitCode compared(VerificationReport report, Path source) {
        ObjectNode result = JsonFile.newObject();
        result.put("tensors", report.tensors());
        result.put("equal", report.problems().isEmpty());
        ArrayNode list = result.putArray("differences");
        for (TensorDifference difference : report.differences()) {
            ObjectNode node = list.addObject();
            node.put("tensor", difference.name());
            if (difference instanceof TensorDifference.Values values) {
                node.put("count", values.count());
                node.put("first_index", values.first());
                node.put("largest", values.largest());
            }
        }
        if (report.problems().isEmpty()) {
            console.print("cli.verify.equal", report.tensors(), source);
        }
        return finish(report.problems(), result);
    }

    private ExitCode finish(List<Problem> problems, ObjectNode result) {
        problems.forEach(console::finding);
        console.result(result);
        return problems.isEmpty() ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }
}
