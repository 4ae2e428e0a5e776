package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.verify.Counterpart;
import io.github.cogvideo4j.checkpoints.verify.FolderVerification;
import io.github.cogvideo4j.checkpoints.verify.SourceComparison;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.cli.arguments.SourceArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
        Path folder = ModelFolder.locate(model, Map.copyOf(System.getenv()));
        int threads = Runtime.getRuntime().availableProcessors();
        try (ConversionProgress progress = new ConversionProgress(console)) {
            return against.isPresent()
                    ? compare(folder, against.get(), threads, progress)
                    : check(folder, threads, progress);
        }
    }

    private ExitCode check(Path folder, int threads, ConversionProgress progress) throws IOException {
        VerificationReport report = FolderVerification.verify(folder, deep, threads, progress.control());
        progress.close();
        report.notes().forEach(console::remark);
        ObjectNode result = JsonFile.newObject();
        result.put("manifest", report.manifest());
        result.put("files", report.files());
        result.put("tensors", report.tensors());
        if (report.problems().isEmpty()) {
            console.print(
                    report.manifest() ? "cli.verify.intact" : "cli.verify.sound",
                    folder,
                    report.tensors(),
                    ByteSize.of(report.bytes()));
        }
        return finish(report.problems(), result);
    }

    private ExitCode compare(Path folder, Path checkpoint, int threads, ConversionProgress progress)
            throws IOException {
        List<Problem> problems = new ArrayList<>();
        List<TensorDifference> differences = new ArrayList<>();
        int tensors = 0;
        Path source = checkpoint;
        for (Counterpart part : counterparts(folder, checkpoint)) {
            Checkpoint opened = part.source();
            opened.remarks().forEach(console::remark);
            List<TensorDifference> found =
                    SourceComparison.compare(part.weights(), opened, threads, progress.control());
            found.forEach(difference -> problems.add(difference.problem(part.weights())));
            if (!found.isEmpty()) {
                equalElsewhere(folder, part, threads).ifPresent(problems::addFirst);
            }
            VerificationReport names = FolderVerification.names(folder, part.weights());
            problems.addAll(names.problems());
            names.notes().forEach(console::remark);
            differences.addAll(found);
            tensors += opened.entries().size();
            source = opened.folder();
        }
        progress.close();
        ObjectNode result = JsonFile.newObject();
        result.put("tensors", tensors);
        result.put("equal", problems.isEmpty());
        ArrayNode list = result.putArray("differences");
        for (TensorDifference difference : differences) {
            ObjectNode node = list.addObject();
            node.put("tensor", difference.name());
            if (difference instanceof TensorDifference.Values values) {
                node.put("count", values.count());
                node.put("first_index", values.first());
                node.put("largest", values.largest());
            }
        }
        if (problems.isEmpty()) {
            console.print("cli.verify.equal", tensors, source);
        }
        return finish(problems, result);
    }

    /// Another component that the source equals, where it is not the one that it was compared with.
    private static Optional<Problem> equalElsewhere(Path folder, Counterpart part, int threads) throws IOException {
        for (Counterpart other : part.alike(folder)) {
            if (SourceComparison.compare(other.weights(), other.source(), threads, JobControl.none())
                    .isEmpty()) {
                return Optional.of(Problem.of(
                        ProblemCode.WRONG_COMPONENT,
                        Place.of(part.weights()),
                        "checkpoints.verify.equals-another",
                        String.valueOf(other.weights().getFileName())));
            }
        }
        return Optional.empty();
    }

    /// What is compared with what. Of a model with adapters the base and the adapters are fused again.
    private List<Counterpart> counterparts(Path folder, Path checkpoint) throws IOException {
        Optional<Manifest> known =
                manifest(folder).filter(found -> !found.source().adapters().isEmpty());
        if (known.isEmpty()) {
            return Counterpart.of(folder, checkpoint, sourceOptions(folder));
        }
        return List.of(new Counterpart(
                folder.resolve(FusedSource.component(known.get())),
                FusedSource.open(folder, checkpoint, known.get(), lora)));
    }

    /// What the folder's manifest says was left out or taken from elsewhere is so again, unless the command
    /// line says something of its own.
    private SourceOptions sourceOptions(Path folder) throws IOException {
        Optional<Manifest> manifest = manifest(folder);
        if (source.given() || manifest.isEmpty()) {
            return source.options();
        }
        Manifest.Options options = manifest.get().options();
        return new SourceOptions(Optional.empty(), options.fromModule(), options.excludeFrozen());
    }

    private static Optional<Manifest> manifest(Path folder) throws IOException {
        return Files.isRegularFile(folder.resolve(Manifest.FILE_NAME))
                ? Optional.of(ManifestJson.read(folder))
                : Optional.empty();
    }

    private ExitCode finish(List<Problem> problems, ObjectNode result) {
        problems.forEach(console::finding);
        console.result(result);
        return problems.isEmpty() ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }
}
