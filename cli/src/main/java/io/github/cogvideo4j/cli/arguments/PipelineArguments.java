package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.cli.arguments.GenerationChoices.Preset;
import io.github.cogvideo4j.inference.options.LoraChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.inference.options.WeightFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options that choose a model and how it is loaded.
public final class PipelineArguments {
    @Option(
            names = {"--model", "--model-path"},
            paramLabel = "MODEL")
    private Optional<String> model = Optional.empty();

    @Option(names = "--transformer", paramLabel = "CHECKPOINT")
    private Optional<Path> transformer = Optional.empty();

    @Option(names = "--lora-path", paramLabel = "LORA")
    private List<Path> loraPaths = new ArrayList<>();

    @Option(names = "--lora-scale", paramLabel = "X", converter = Choices.Scale.class)
    private List<Double> loraScales = new ArrayList<>();

    @Option(names = "--lora-rank", paramLabel = "N")
    @SuppressWarnings("UnusedVariable") // accepted for old command lines: the rank is read from the file
    private Optional<Integer> loraRank = Optional.empty();

    @Mixin
    private final ComputeArguments compute = new ComputeArguments();

    @Option(names = "--vae-tiling", arity = "0..1", fallbackValue = "true", paramLabel = "true|false")
    private Optional<Boolean> vaeTiling = Optional.empty();

    @Option(names = "--vae-slicing", arity = "0..1", fallbackValue = "true", paramLabel = "true|false")
    private Optional<Boolean> vaeSlicing = Optional.empty();

    @Option(
            names = "--scheduler",
            paramLabel = "NAME",
            converter = GenerationChoices.SamplerWord.class,
            completionCandidates = GenerationChoices.SamplerWord.class)
    private Optional<SchedulerChoice> scheduler = Optional.empty();

    @Option(names = "--timestep-spacing", paramLabel = "HOW")
    private Optional<TimestepSpacing> spacing = Optional.empty();

    @Mixin
    private final SamplerArguments sampler = new SamplerArguments();

    @Option(
            names = "--weights",
            paramLabel = "FORMAT",
            converter = GenerationChoices.WeightWord.class,
            completionCandidates = GenerationChoices.WeightWord.class)
    private WeightFormat weights = WeightFormat.DENSE;

    /// The model's folder.
    ///
    /// @throws UsageException when none was named
    public Path folder() throws IOException {
        String named = model.orElseThrow(() -> new UsageException("cli.generate.no-model"));
        return ModelFolder.locate(named, Map.copyOf(System.getenv()));
    }

    /// How it is loaded.
    ///
    /// @param preset what holds where nothing else was given
    public PipelineOptions options(Preset preset) {
        boolean demo = preset == Preset.CLI_DEMO;
        return new PipelineOptions(
                compute.options(),
                new VaeOptions(vaeTiling.orElse(demo), vaeSlicing.orElse(demo)),
                transformer,
                loras(),
                scheduler.or(() -> demo ? Optional.of(SchedulerChoice.DPM) : Optional.empty()),
                spacing.or(() -> demo ? Optional.of(TimestepSpacing.TRAILING) : Optional.empty()),
                sampler.over(SamplerOptions.defaults()),
                weights,
                true);
    }

    private List<LoraChoice> loras() {
        if (loraScales.size() > loraPaths.size()) {
            throw new UsageException("cli.generate.lora-scales", loraScales.size(), loraPaths.size());
        }
        List<LoraChoice> loras = new ArrayList<>();
        for (int i = 0; i < loraPaths.size(); i++) {
            loras.add(new LoraChoice(loraPaths.get(i), i < loraScales.size() ? loraScales.get(i) : 1));
        }
        return loras;
    }
}
