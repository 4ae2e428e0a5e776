package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.convert.BaseModel;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.convert.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.OutputFormat;
import io.github.cogvideo4j.checkpoints.convert.TargetDType;
import io.github.cogvideo4j.checkpoints.layout.Component;
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

    @Option(
            names = "--dtype",
            paramLabel = "DTYPE",
            converter = Choices.DType.class,
            completionCandidates = Choices.DType.class)
    private Optional<TargetDType> dtype = Optional.empty();

    @Option(names = "--max-shard-size", paramLabel = "SIZE", converter = Choices.Size.class, defaultValue = "5GB")
    private ShardSize maxShardSize = new ShardSize(ConversionOptions.DEFAULT_SHARD_BYTES);

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = Choices.Format.class,
            completionCandidates = Choices.Format.class)
    private Optional<OutputFormat> format = Optional.empty();

    @Option(
            names = "--component",
            paramLabel = "NAME",
            converter = Choices.ModelComponent.class,
            completionCandidates = Choices.ModelComponent.class)
    private Optional<Component> component = Optional.empty();

    @Option(names = "--safe-serialization")
    private boolean safeSerialization;

    @Mixin
    private final SourceArguments source = new SourceArguments();

    @Option(
            names = "--link",
            paramLabel = "HOW",
            converter = Choices.Link.class,
            completionCandidates = Choices.Link.class,
            defaultValue = "auto")
    private LinkMode link = LinkMode.AUTO;

    @Option(names = "--variant", paramLabel = "NAME", converter = Choices.Variant.class)
    private Optional<String> variant = Optional.empty();

    @Option(names = "--threads", paramLabel = "N")
    private Optional<Integer> threads = Optional.empty();

    @Option(names = "--overwrite")
    private boolean overwrite;

    @Option(names = "--dry-run")
    private boolean dryRun;

    @Option(names = "--verify")
    private boolean verify;

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
        if (dryRun) {
            report.showPlan();
            return ExitCode.DONE;
        }
        Converter.Result result;
        try (ConversionProgress progress = new ConversionProgress(console)) {
            result = Converter.convert(plan, progress);
        }
        result.findings().forEach(console::remark);
        report.showResult(result, verify);
        return ExitCode.DONE;
    }

    private ConversionOptions options() {
        int workers = threads.orElseGet(() -> Runtime.getRuntime().availableProcessors());
        if (workers < 1 || workers > 256) {
            throw new UsageException("cli.usage.threads", workers);
        }
        if (safeSerialization && format.filter(given -> !given.safetensors()).isPresent()) {
            throw new UsageException("cli.usage.safe-serialization");
        }
        ConversionOptions wanted = new ConversionOptions(
                dtype,
                maxShardSize.bytes(),
                format.orElse(OutputFormat.SAFETENSORS),
                link,
                variant,
                workers,
                overwrite,
                verify);
        return component.map(wanted::withComponent).orElse(wanted);
    }
}
