package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.arguments.GenerationChoices;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.inference.runtime.Precision;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options that say what models are computed in and on.
final class ComputeArguments {
    private static final int MOST_THREADS = 256;

    @Option(
            names = "--dtype",
            paramLabel = "DTYPE",
            converter = GenerationChoices.PrecisionWord.class,
            completionCandidates = GenerationChoices.PrecisionWord.class,
            defaultValue = "bf16")
    private Precision precision = Precision.BF16;

    @Option(names = "--device", paramLabel = "DEVICE", defaultValue = "auto")
    private String device = "auto";

    @Option(names = "--threads", paramLabel = "N")
    private Optional<Integer> threads = Optional.empty();

    Precision precision() {
        return precision;
    }

    String device() {
        return device;
    }

    /// How many threads an operation may use.
    ///
    /// @throws UsageException when the number that was given is none, or absurd
    int threads() {
        int workers = threads.orElseGet(() -> Runtime.getRuntime().availableProcessors());
        if (workers < 1 || workers > MOST_THREADS) {
            throw new UsageException("cli.usage.threads", workers);
        }
        return workers;
    }
}
