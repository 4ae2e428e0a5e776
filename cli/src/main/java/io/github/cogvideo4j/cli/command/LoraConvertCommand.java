package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.lora.LoraConversion;
import io.github.cogvideo4j.checkpoints.lora.LoraConversion.LoraDialect;
import io.github.cogvideo4j.cli.arguments.ChoiceConverter;
import io.github.cogvideo4j.cli.arguments.Choices;
import io.github.cogvideo4j.cli.arguments.LoraBaseArguments;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo lora convert`: an adapter under the names that another tool reads.
@Command(name = "convert")
public final class LoraConvertCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "ADAPTER", descriptionKey = "ADAPTER")
    private Path adapter = Path.of("");

    @Parameters(index = "1", paramLabel = "OUTPUT", descriptionKey = "OUTPUT")
    private Path output = Path.of("");

    @Option(names = "--to", paramLabel = "DIALECT", required = true, converter = DialectConverter.class)
    private LoraDialect dialect = LoraDialect.DIFFUSERS;

    @Option(names = "--lora-alpha", paramLabel = "ALPHA", converter = Choices.Alpha.class)
    private Optional<Double> alpha = Optional.empty();

    @Mixin
    private final LoraBaseArguments base = new LoraBaseArguments();

    @Option(names = "--overwrite")
    private boolean overwrite;

    LoraConvertCommand(Console console) {
        super(console);
    }

    /// `--to`.
    static final class DialectConverter extends ChoiceConverter<LoraDialect> {
        /// Called by picocli.
        DialectConverter() {
            super(LoraDialect.values(), Map.of("comfy", LoraDialect.COMFYUI));
        }
    }

    @Override
    protected ExitCode run() throws IOException {
        OptionalDouble given = alpha.map(OptionalDouble::of).orElse(OptionalDouble.empty());
        LoraConversion.Result done = LoraConversion.convert(
                new LoraConversion.Request(adapter, dialect, base.model(), given), output, overwrite);
        done.warnings().forEach(console::warn);
        ObjectNode result = JsonFile.newObject();
        result.put("output", done.file().toString());
        result.put("dialect", dialect.toString());
        result.put("bytes", done.bytes());
        result.put("layers", done.adapter().layers().size());
        result.put("exact", done.exact());
        console.result(result);
        console.print(
                done.exact() ? "cli.lora.convert.done" : "cli.lora.convert.rounded",
                done.adapter().layers().size(),
                dialect,
                ByteSize.of(done.bytes()),
                done.file());
        return ExitCode.DONE;
    }
}
