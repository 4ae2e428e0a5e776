package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.options.SamplerOptions;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/// The options of stock samplers.
public final class SamplerArguments {
    @Option(names = "--karras-sigmas", arity = "0..1", fallbackValue = "true", paramLabel = "true|false")
    private Optional<Boolean> karras = Optional.empty();

    @Option(names = "--solver-order", paramLabel = "N")
    private Optional<Integer> order = Optional.empty();

    @Option(names = "--keep-snr-shift", arity = "0..1", fallbackValue = "true", paramLabel = "true|false")
    private Optional<Boolean> keepShift = Optional.empty();

    @Option(names = "--reference-quirks", arity = "0..1", fallbackValue = "true", paramLabel = "true|false")
    private Optional<Boolean> quirks = Optional.empty();

    /// What was given here, and the rest as it was.
    public SamplerOptions over(SamplerOptions base) {
        return new SamplerOptions(
                karras.orElse(base.karrasSigmas()),
                order.map(OptionalInt::of).orElse(base.solverOrder()),
                keepShift.orElse(base.keepSnrShift()),
                quirks.orElse(base.referenceQuirks()));
    }
}
