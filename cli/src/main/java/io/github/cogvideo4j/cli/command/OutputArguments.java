package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.OutputFormat;
import io.github.cogvideo4j.checkpoints.convert.ResultLayout;
import io.github.cogvideo4j.checkpoints.convert.TargetDType;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.cli.arguments.Choices;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.formats.index.ShardSize;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options that say what a written model should be like.
final class OutputArguments {
    private static final int MOST_THREADS = 256;

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

    OutputFormat format() {
        return format.orElse(OutputFormat.SAFETENSORS);
    }

    /// Whether the plan is shown and nothing written.
    boolean dryRun() {
        return dryRun;
    }

    /// Whether anything is asked for that says how weight files are written or called.
    boolean choosesFiles() {
        return format.isPresent() || variant.isPresent();
    }

    /// What was asked for, with what is said about the model.
    ConversionOptions options(ModelArguments model, ResultLayout layout, Optional<Component> component) {
        return new ConversionOptions(
                model.dtype(dtype),
                maxShardSize.bytes(),
                format(),
                link,
                variant,
                workers(threads),
                overwrite,
                verify,
                model.claims(),
                layout,
                component);
    }

    /// What was asked for.
    ConversionOptions options() {
        return new ConversionOptions(
                dtype, maxShardSize.bytes(), format(), link, variant, workers(threads), overwrite, verify);
    }

    /// The number of threads that was asked for, or that of the processors.
    static int workers(Optional<Integer> threads) {
        int workers = threads.orElseGet(() -> Runtime.getRuntime().availableProcessors());
        if (workers < 1 || workers > MOST_THREADS) {
            throw new UsageException("cli.usage.threads", workers);
        }
        return workers;
    }
}
