package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ResultLayout;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionRequest;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.cli.arguments.Choices;
import io.github.cogvideo4j.cli.arguments.ModelArguments;
import io.github.cogvideo4j.cli.arguments.OutputArguments;
import io.github.cogvideo4j.cli.arguments.SourceArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.ConversionReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cogvideo convert`: from a checkpoint to the folder that inference loads.
@Command(name = "convert")
public final class ConvertCommand extends ConsoleCommand {
    // Required, unless --transformer-ckpt-path, --vae-ckpt-path and --output-path take their places.
    @Parameters(index = "0", arity = "0..1", paramLabel = "CHECKPOINT", descriptionKey = "CHECKPOINT")
    private Optional<Path> first = Optional.empty();

    @Parameters(index = "1", arity = "0..1", paramLabel = "OUTPUT", descriptionKey = "OUTPUT")
    private Optional<Path> second = Optional.empty();

    @Option(names = "--base", paramLabel = "MODEL")
    private Optional<String> base = Optional.empty();

    @Option(names = "--component", paramLabel = "NAME", converter = Choices.ComponentName.class)
    private Optional<Component> component = Optional.empty();

    @Option(names = "--unchecked-names")
    private boolean uncheckedNames;

    @Option(names = "--safe-serialization")
    private boolean safeSerialization;

    @Mixin
    private final SourceArguments source = new SourceArguments();

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(names = "--to", paramLabel = "LAYOUT", defaultValue = "diffusers")
    private ResultLayout layout = ResultLayout.DIFFUSERS;

    @Mixin
    private final OutputArguments result = new OutputArguments();

    ConvertCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        ConversionOptions options = options();
        ConversionSources given = ConversionSources.of(first, second, model, source.options());
        ConversionPlan plan = new ConversionRequest(given.sources(), given.output(), base, options)
                .plan(new ConversionProgress(console).control());
        ConversionReport report = new ConversionReport(plan, console);
        if (result.dryRun()) {
            report.showPlan();
            return ExitCode.DONE;
        }
        report.convert();
        return ExitCode.DONE;
    }

    private ConversionOptions options() {
        if (safeSerialization && !result.format().safetensors()) {
            throw new UsageException("cli.usage.safe-serialization");
        }
        if (layout.kind().isPresent() && (base.isPresent() || result.choosesFiles() || model.givesComponents())) {
            throw new UsageException("cli.usage.to-sat");
        }
        return result.options(model, layout, component).withUnchecked(uncheckedNames);
    }
}
