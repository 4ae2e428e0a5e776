package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.cli.arguments.GenerationChoices.Preset;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.quality.CacheSubject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options for the numbers that shape videos, and what they shall not show.
public final class SettingsArguments {
    @Option(names = "--negative-prompt", paramLabel = "TEXT")
    private Optional<String> negativePrompt = Optional.empty();

    @Mixin
    private final ShapeArguments shape = new ShapeArguments();

    @Mixin
    private final WindowArguments windows = new WindowArguments();

    @Option(names = "--fps", paramLabel = "N")
    private Optional<Double> fps = Optional.empty();

    @Option(names = "--use-dynamic-cfg", arity = "0..1", fallbackValue = "true", paramLabel = "true|false")
    private Optional<Boolean> dynamicCfg = Optional.empty();

    @Option(names = "--strength", paramLabel = "X", defaultValue = "0.8")
    private double strength = 0.8;

    @Option(names = "--max-sequence-length", paramLabel = "N")
    private Optional<Integer> maxSequenceLength = Optional.empty();

    @Option(names = "--cache", paramLabel = "NAME[:KEY=VALUE,...]")
    private Optional<String> cache = Optional.empty();

    /// A request with what was given here in place of what it says.
    ///
    /// @param preset what holds where nothing else was given
    /// @param masked whether a mask was given: behind it the video is made anew
    /// @param given  whether an option stands on the command line
    public GenerationRequest over(GenerationRequest base, Preset preset, boolean masked, Predicate<String> given)
            throws IOException {
        GenerationSettings settings = settings(base.settings(), preset, masked, given);
        GenerationRequest request = base.withSettings(cache(base.model(), base.options(), settings.steps())
                .map(settings::withCache)
                .orElse(settings));
        return negativePrompt.map(request::withNegativePrompt).orElse(request);
    }

    /// Puts what `--cache auto:psnr=X` means for a model in its place.
    ///
    /// @param count how many steps there will be
    /// @throws UsageException when it has another form
    private Optional<CacheChoice> cache(Path model, PipelineOptions options, int count) throws IOException {
        if (cache.filter(CacheTables::isAutomatic).isPresent()) {
            CacheSubject subject = CacheSubject.of(model, options, count);
            return Optional.of(CacheTables.choose(cache.get(), model, subject));
        }
        return cache.map(CacheChoice::of);
    }

    private GenerationSettings settings(
            GenerationSettings base, Preset preset, boolean masked, Predicate<String> given) {
        GenerationSettings settings = shape.over(base, given)
                .withDynamicCfg(dynamicCfg.orElse(preset == Preset.CLI_DEMO || base.dynamicCfg()));
        // Behind a mask the video is made anew.
        settings = given.test("--strength")
                ? settings.withStrength(strength)
                : masked ? settings.withStrength(1) : settings;
        settings = fps.map(settings::withFramesPerSecond).orElse(settings);
        settings =
                windows.over(base.windows(), given).map(settings::withWindows).orElse(settings);
        return maxSequenceLength.map(settings::withMaxSequenceLength).orElse(settings);
    }
}
