package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.layout.HubCache;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.cli.arguments.GenerationChoices.Preset;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import io.github.cogvideo4j.inference.options.VaeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
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

    @Option(
            names = "--offload",
            paramLabel = "HOW",
            converter = GenerationChoices.OffloadWord.class,
            completionCandidates = GenerationChoices.OffloadWord.class)
    private Offload offload = Offload.AUTO;

    @Option(
            names = "--attention",
            paramLabel = "KERNEL",
            converter = GenerationChoices.AttentionWord.class,
            completionCandidates = GenerationChoices.AttentionWord.class)
    private AttentionKernel attention = AttentionKernel.AUTO;

    /// Whether a model is named.
    public boolean named() {
        return model.isPresent();
    }

    /// The model's name on the hub, when it was named so and is no folder.
    public Optional<String> hubName() {
        return model.filter(name -> HubCache.isIdentifier(name) && !Files.isDirectory(Path.of(name)));
    }

    /// The model's folder.
    ///
    /// @param otherwise a record's model
    /// @throws UsageException when none was named
    public Path folder(Optional<Path> otherwise) throws IOException {
        String named = model.or(() -> otherwise.map(Path::toString))
                .orElseThrow(() -> new UsageException("cli.generate.no-model"));
        return ModelFolder.locate(named, Map.copyOf(System.getenv()));
    }

    /// How it is loaded.
    public PipelineOptions options() {
        ComputeOptions there = compute.options().withOffload(offload).withKernels(attention, Optional.empty());
        PipelineOptions usual = PipelineOptions.defaults().withCompute(there).withWeights(weights);
        return over(usual, Preset.MODEL, _ -> false);
    }

    /// How it is loaded: what was given here, and the rest as it was.
    ///
    /// @param preset what holds where nothing else was given
    /// @param given  whether an option stands on the command line
    public PipelineOptions over(PipelineOptions base, Preset preset, Predicate<String> given) {
        boolean demo = preset == Preset.CLI_DEMO;
        Optional<SchedulerChoice> usual = demo ? Optional.of(SchedulerChoice.DPM) : base.scheduler();
        Optional<TimestepSpacing> usualSpacing = demo ? Optional.of(TimestepSpacing.TRAILING) : base.spacing();
        return new PipelineOptions(
                device(compute.over(base.compute(), given), given),
                new VaeOptions(
                        vaeTiling.orElse(demo || base.vae().tiling()),
                        vaeSlicing.orElse(demo || base.vae().slicing()),
                        base.vae().tiles()),
                transformer.or(base::transformer),
                loras(base.loras()),
                scheduler.or(() -> usual),
                spacing.or(() -> usualSpacing),
                sampler.over(base.sampler()),
                given.test("--weights") ? weights : base.weights(),
                base.checkMemory());
    }

    /// What belongs to the device of a record does not come along to another one.
    private ComputeOptions device(ComputeOptions base, Predicate<String> given) {
        ComputeOptions there = given.test("--device")
                ? base.withOffload(Offload.AUTO).withKernels(AttentionKernel.AUTO, Optional.empty())
                : base;
        ComputeOptions placed = given.test("--offload") ? there.withOffload(offload) : there;
        return given.test("--attention") ? placed.withKernels(attention, placed.cudnnBenchmark()) : placed;
    }

    private List<LoraChoice> loras(List<LoraChoice> base) {
        List<LoraChoice> chosen = loraPaths.isEmpty()
                ? base
                : loraPaths.stream().map(path -> new LoraChoice(path, 1)).toList();
        if (loraScales.size() > chosen.size()) {
            throw new UsageException("cli.generate.lora-scales", loraScales.size(), chosen.size());
        }
        List<LoraChoice> loras = new ArrayList<>();
        for (int i = 0; i < chosen.size(); i++) {
            LoraChoice lora = chosen.get(i);
            double scale = i < loraScales.size() ? loraScales.get(i) : lora.scale();
            loras.add(new LoraChoice(lora.path(), scale, lora.alpha()));
        }
        return loras;
    }
}
