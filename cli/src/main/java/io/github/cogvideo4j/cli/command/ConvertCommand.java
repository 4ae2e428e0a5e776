package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.convert.BaseModel;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.convert.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.OutputFormat;
import io.github.cogvideo4j.checkpoints.convert.ResultLayout;
import io.github.cogvideo4j.checkpoints.convert.TargetDType;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
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
    // Required, unless --transformer-ckpt-path, --vae-ckpt-path and --output-path take their places.
    @Parameters(index = "0", arity = "0..1", paramLabel = "CHECKPOINT", descriptionKey = "CHECKPOINT")
    private Optional<Path> first = Optional.empty();

    @Parameters(index = "1", arity = "0..1", paramLabel = "OUTPUT", descriptionKey = "OUTPUT")
    private Optional<Path> second = Optional.empty();

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

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(
            names = "--to",
            paramLabel = "LAYOUT",
            converter = Choices.Layout.class,
            completionCandidates = Choices.Layout.class,
            defaultValue = "diffusers")
    private ResultLayout layout = ResultLayout.DIFFUSERS;

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
        ConversionSources sources = ConversionSources.of(first, second, model, source.options());
        Optional<BaseModel> baseModel = base.isPresent()
                ? Optional.of(BaseModel.read(ModelFolder.locate(base.get(), Map.copyOf(System.getenv()))))
                : Optional.empty();
        ConversionPlan plan =
                ConversionPlanner.plan(sources.main(), sources.companions(), sources.output(), baseModel, options);
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
        if (layout == ResultLayout.SAT
                && (base.isPresent() || format.isPresent() || variant.isPresent() || model.givesComponents())) {
            throw new UsageException("cli.usage.to-sat");
        }
        return new ConversionOptions(
                model.dtype(dtype),
                maxShardSize.bytes(),
                format.orElse(OutputFormat.SAFETENSORS),
                link,
                variant,
                workers,
                overwrite,
                verify,
                model.claims(),
                layout,
                component);
    }
}
