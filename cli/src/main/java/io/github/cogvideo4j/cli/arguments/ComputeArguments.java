package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.function.Predicate;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options that say what models are computed in and on.
public final class ComputeArguments {
    @Option(
            names = "--dtype",
            paramLabel = "DTYPE",
            converter = GenerationChoices.PrecisionWord.class,
            completionCandidates = GenerationChoices.PrecisionWord.class,
            defaultValue = "bf16")
    private Precision precision = Precision.BF16;

    @Option(names = "--device", paramLabel = "DEVICE", defaultValue = "auto")
    private String device = "auto";

    @Mixin
    private final ThreadsArgument threads = new ThreadsArgument();

    /// What was asked for.
    ///
    /// @throws UsageException when the number of threads is none
    public ComputeOptions options() {
        return new ComputeOptions(precision, device, threads.count());
    }

    /// What was given here, and the rest as it was.
    ///
    /// @param given whether an option stands on the command line
    ComputeOptions over(ComputeOptions base, Predicate<String> given) {
        return new ComputeOptions(
                given.test("--dtype") ? precision : base.precision(),
                given.test("--device") ? device : base.device(),
                threads.count(),
                base.attention(),
                base.offload(),
                base.cudnnBenchmark());
    }
}
