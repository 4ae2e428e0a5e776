package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.Strictness;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options that choose what of a checkpoint is meant.
public final class SourceArguments {
    @Option(
            names = {"-t", "--tag"},
            paramLabel = "TAG")
    private Optional<String> tag = Optional.empty();

    @Option(names = "--from-module")
    private boolean fromModule;

    @Option(names = "--exclude-frozen-parameters")
    private boolean excludeFrozen;

    @Option(names = "--ema")
    private boolean average;

    @Option(names = "--strict")
    private boolean strict;

    /// What was asked for.
    public SourceOptions options() {
        return new SourceOptions(
                tag, fromModule, excludeFrozen, average, strict ? Strictness.STRICT : Strictness.LENIENT);
    }

    /// Whether any was given.
    public boolean given() {
        return tag.isPresent() || fromModule || excludeFrozen || average || strict;
    }
}
