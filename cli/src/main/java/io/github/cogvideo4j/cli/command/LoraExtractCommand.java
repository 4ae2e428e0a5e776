package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.lora.LoraExtraction;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.cli.arguments.SourceArguments;
import io.github.cogvideo4j.cli.arguments.ThreadsArgument;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

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
        show(done);
        return ExitCode.DONE;
    }

    /// Opens a checkpoint, or a component of a model's folder: the one that is named, or the transformer.
    private Checkpoint open(String argument, SourceOptions options) throws IOException {
        Path path = InspectCommand.locate(argument);
        Path inModel = path.resolve(component.orElse("transformer"));
        return Checkpoints.open(Files.isDirectory(inModel) ? inModel : path, options);
    }

    private void show(LoraExtraction.Result done) {
        ObjectNode result = JsonFile.newObject();
        result.put("output", done.file().toString());
        result.put("bytes", done.bytes());
        result.put("kept", done.kept());
        result.put("outside", done.outside());
        ArrayNode layers = result.putArray("layers");
        TextTable table = new TextTable("lrrr");
        table.row(List.of(
                console.text("cli.lora.weight"),
                console.text("cli.lora.rank"),
                console.text("cli.lora.change"),
                console.text("cli.lora.kept")));
        for (LoraExtraction.Layer layer : done.layers()) {
            ObjectNode node = layers.addObject();
            node.put("weight", layer.weight());
            node.put("rank", layer.rank());
            node.put("change", layer.change());
            node.put("kept", layer.kept());
            table.row(List.of(
                    layer.weight(),
                    String.valueOf(layer.rank()),
                    "%.4g".formatted(layer.change()),
                    percent(layer.kept())));
        }
        console.result(result);
        table.lines().forEach(console::line);
        console.print(
                "cli.lora.extract.done",
                done.layers().size(),
                percent(done.kept()),
                percent(done.outside()),
                ByteSize.of(done.bytes()),
                done.file());
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f%%", share * 100);
    }
}
