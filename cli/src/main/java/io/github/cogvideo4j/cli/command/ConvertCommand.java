package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.convert.BaseModel;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.convert.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.OutputFormat;
import io.github.cogvideo4j.checkpoints.convert.TargetDType;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.cli.arguments.Choices;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.index.ShardSize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cogvideo convert`: from a checkpoint to the folder that inference loads.
@Command(name = "convert")
public final class ConvertCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "CHECKPOINT", descriptionKey = "CHECKPOINT")
    private Path checkpoint = Path.of("");

    @Parameters(index = "1", paramLabel = "OUTPUT", descriptionKey = "OUTPUT")
    private Path output = Path.of("");

    @Option(names = "--base", paramLabel = "MODEL")
    private Optional<String> base = Optional.empty();

    @Option(names = "--safe-serialization")
    private boolean safeSerialization;

    @Mixin
    private final SourceArguments source = new SourceArguments();

    @Mixin
    private final OutputArguments result = new OutputArguments();

    ConvertCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        ConversionOptions options = options();
        Optional<BaseModel> model = base.isPresent()
                ? Optional.of(BaseModel.read(ModelFolder.locate(base.get(), Map.copyOf(System.getenv()))))
                : Optional.empty();
        Checkpoint opened = Checkpoints.open(checkpoint, source.options());
        ConversionPlan plan = ConversionPlanner.plan(opened, output, model, options);
        plan.remarks().forEach(console::remark);
        PlanReport report = new PlanReport(plan, console);
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
        return result.options();
    }
}
