package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraExport;
import io.github.cogvideo4j.cli.arguments.Choices;
import io.github.cogvideo4j.cli.arguments.LoraBaseArguments;
import io.github.cogvideo4j.cli.arguments.SourceArguments;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo lora export`: the adapter out of a training checkpoint.
@Command(name = "export")
public final class LoraExportCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "CHECKPOINT", descriptionKey = "CHECKPOINT")
    private Path checkpoint = Path.of("");

    @Parameters(index = "1", paramLabel = "OUTPUT", descriptionKey = "OUTPUT")
    private Path output = Path.of("");

    @Option(names = "--lora-alpha", paramLabel = "ALPHA", converter = Choices.Alpha.class)
    private Optional<Double> alpha = Optional.empty();

    @Mixin
    private final LoraBaseArguments base = new LoraBaseArguments();

    @Mixin
    private final SourceArguments source = new SourceArguments();

    @Option(names = "--overwrite")
    private boolean overwrite;

    LoraExportCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        OptionalDouble given = alpha.map(OptionalDouble::of).orElse(OptionalDouble.empty());
        LoraExport.Result done = LoraExport.export(
                new LoraExport.Request(checkpoint, source.options(), base.model(), given), output, overwrite);
        done.warnings().forEach(console::warn);
        ObjectNode result = JsonFile.newObject();
        result.put("output", done.file().toString());
        result.put("bytes", done.bytes());
        result.put("layers", done.adapter().layers().size());
        result.put("rank", rank(done.adapter()));
        console.result(result);
        console.print(
                "cli.lora.export.done",
                done.adapter().layers().size(),
                rank(done.adapter()),
                ByteSize.of(done.bytes()),
                done.file());
        return ExitCode.DONE;
    }

    /// The largest rank; mostly all layers have the same.
    private static int rank(LoraAdapter adapter) {
        return adapter.layers().stream()
                .flatMapToInt(layer -> layer.rank().stream())
                .max()
                .orElse(0);
    }
}
