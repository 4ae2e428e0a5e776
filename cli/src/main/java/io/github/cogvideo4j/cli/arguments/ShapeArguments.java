package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.generation.GenerationSettings;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.Option;

/// The options for the size of videos, and for the steps in which they are made.
public final class ShapeArguments {
    @Option(names = "--height", paramLabel = "N")
    private Optional<Integer> height = Optional.empty();

    @Option(names = "--width", paramLabel = "N")
    private Optional<Integer> width = Optional.empty();

    @Option(names = "--num-frames", paramLabel = "N")
    private Optional<Integer> numFrames = Optional.empty();

    @Option(names = "--num-inference-steps", paramLabel = "N", defaultValue = "50")
    private int steps = 50;

    @Option(names = "--guidance-scale", paramLabel = "X", defaultValue = "6.0")
    private double guidanceScale = 6;

    /// The default settings with these.
    public GenerationSettings settings() {
        return over(GenerationSettings.defaults(), _ -> true);
    }

    /// Settings with what was given here in place of what they say.
    ///
    /// @param given whether an option stands on the command line
    GenerationSettings over(GenerationSettings base, Predicate<String> given) {
        GenerationSettings settings = given.test("--num-inference-steps") ? base.withSteps(steps) : base;
        settings = given.test("--guidance-scale") ? settings.withGuidanceScale(guidanceScale) : settings;
        settings = height.map(settings::withHeight).orElse(settings);
        settings = width.map(settings::withWidth).orElse(settings);
        return numFrames.map(settings::withNumFrames).orElse(settings);
    }
}
