package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.lora.LoraExtraction;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.cli.arguments.CachedModel;
import io.github.cogvideo4j.cli.arguments.SourceArguments;
import io.github.cogvideo4j.cli.arguments.ThreadsArgument;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.ExtractionReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cogvideo lora extract`: what a fine-tuning changed, as an adapter.
@Command(name = "extract")
public final class LoraExtractCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "BASE", descriptionKey = "BASE")
    private String base = "";

    @Parameters(index = "1", paramLabel = "FINETUNED", descriptionKey = "FINETUNED")
    private String finetuned = "";

    @Parameters(index = "2", paramLabel = "OUTPUT", descriptionKey = "OUTPUT")
    private Path output = Path.of("");

    @Option(names = "--rank", paramLabel = "N", defaultValue = "64")
    private int rank;

    @Option(names = "--target", paramLabel = "MODULE")
    private List<String> targets = List.of();

    @Option(names = "--component", paramLabel = "COMPONENT", descriptionKey = "lora-component")
    private Optional<String> component = Optional.empty();

    @Mixin
    private final SourceArguments source = new SourceArguments();

    @Mixin
    private final ThreadsArgument threads = new ThreadsArgument();

    @Option(names = "--overwrite")
    private boolean overwrite;

    LoraExtractCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        if (rank < 1) {
            throw new UsageException("cli.usage.rank", rank);
        }
        int workers = threads.count();
        Checkpoint from = open(base, SourceOptions.defaults());
        from.warnings().forEach(console::warn);
        Checkpoint model = open(finetuned, source.options());
        model.warnings().forEach(console::warn);
        LoraExtraction.Result done;
        try (ConversionProgress progress = new ConversionProgress(console)) {
            done = LoraExtraction.extract(
                    from,
                    model,
                    output,
                    new LoraExtraction.Options(rank, targets, workers, overwrite, component),
                    progress.control());
        }
        done.warnings().forEach(console::warn);
        new ExtractionReport(console).show(done);
        return ExitCode.DONE;
    }

    /// Opens a checkpoint, or a component of a model's folder: the one that is named, or the transformer.
    private Checkpoint open(String argument, SourceOptions options) throws IOException {
        Path path = CachedModel.locate(argument);
        Path inModel = path.resolve(component.orElse("transformer"));
        return Checkpoints.open(Files.isDirectory(inModel) ? inModel : path, options);
    }
}
