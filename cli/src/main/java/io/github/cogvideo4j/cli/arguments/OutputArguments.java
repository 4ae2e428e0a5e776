package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.FileOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ModelClaims;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.OutputFormat;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ResultLayout;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.index.ShardSize;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options that say what a written model should be like.
public final class OutputArguments {
    @Option(
            names = "--dtype",
            paramLabel = "DTYPE",
            converter = Choices.DTypeConverter.class,
            completionCandidates = Choices.DTypeConverter.class)
    private Optional<TargetDType> dtype = Optional.empty();

    @Option(names = "--max-shard-size", paramLabel = "SIZE", converter = Choices.Size.class, defaultValue = "5GB")
    private ShardSize maxShardSize = new ShardSize(FileOptions.DEFAULT_SHARD_BYTES);

    @Option(names = "--format", paramLabel = "FORMAT")
    private Optional<OutputFormat> format = Optional.empty();

    @Option(names = "--link", paramLabel = "HOW", defaultValue = "auto")
    private LinkMode link = LinkMode.AUTO;

    @Option(names = "--variant", paramLabel = "NAME", converter = Choices.Variant.class)
    private Optional<String> variant = Optional.empty();

    @Mixin
    private final ThreadsArgument threads = new ThreadsArgument();

    @Option(names = "--overwrite")
    private boolean overwrite;

    @Option(names = "--dry-run")
    private boolean dryRun;

    @Option(names = "--verify")
    private boolean verify;

    /// The containers to write.
    public OutputFormat format() {
        return format.orElse(OutputFormat.SAFETENSORS);
    }

    /// Whether the plan is shown and nothing written.
    public boolean dryRun() {
        return dryRun;
    }

    /// Whether anything is asked for that says how weight files are written or called.
    public boolean choosesFiles() {
        return format.isPresent() || variant.isPresent();
    }

    /// What was asked for, with what is said about the model.
    public ConversionOptions options(ModelArguments model, ResultLayout layout, Optional<Component> component) {
        return options(model.dtype(dtype), model.claims(), layout, component);
    }

    /// What was asked for.
    public ConversionOptions options() {
        return options(dtype, ModelClaims.none(), ResultLayout.DIFFUSERS, Optional.empty());
    }

    private ConversionOptions options(
            Optional<TargetDType> type, ModelClaims claims, ResultLayout layout, Optional<Component> component) {
        return new ConversionOptions(
                type,
                new FileOptions(format(), maxShardSize.bytes(), variant),
                link,
                threads.count(),
                overwrite,
                verify,
                claims,
                layout,
                component,
                false);
    }
}
