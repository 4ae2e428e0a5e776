package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.formats.index.ShardSize;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options that say what a watch makes of each checkpoint.
public final class WatchArguments {
    @Option(
            names = {"--model", "--base"},
            paramLabel = "MODEL",
            required = true)
    private String model = "";

    @Option(names = "--prompts", paramLabel = "FILE", required = true)
    private Path prompts = Path.of("");

    @Option(names = "--negative-prompt", paramLabel = "TEXT")
    private Optional<String> negativePrompt = Optional.empty();

    @Option(names = "--full")
    private boolean full;

    @Option(names = "--smoke")
    private boolean smoke;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "42")
    private long seed = GenerationRequest.DEFAULT_SEED;

    @Mixin
    private final ShapeArguments shape = new ShapeArguments();

    @Option(
            names = "--scheduler",
            paramLabel = "NAME",
            converter = GenerationChoices.SamplerWord.class,
            completionCandidates = GenerationChoices.SamplerWord.class)
    private Optional<SchedulerChoice> scheduler = Optional.empty();

    @Mixin
    private final ComputeArguments compute = new ComputeArguments();

    @Option(names = "--memory-limit", paramLabel = "SIZE", converter = Choices.Size.class)
    private Optional<ShardSize> memoryLimit = Optional.empty();

    /// What is made of each checkpoint.
    ///
    /// @throws UsageException when the prompts are no text or of several kinds, or options contradict each other
    public GenerationRequest sampling() throws IOException {
        if (full && smoke) {
            throw new UsageException("cli.watch.both", "--full", "--smoke");
        }
        List<PromptInput> inputs = PromptFile.read(prompts);
        Path folder = ModelFolder.locate(model, Map.copyOf(System.getenv()));
        PipelineOptions options = PipelineOptions.defaults().withCompute(compute.options());
        GenerationRequest request = GenerationRequest.of(folder, "", Path.of(GenerationOutputs.USUAL_VIDEO))
                .withPrompts(InputArguments.kindOf(inputs, Optional.empty()), inputs)
                .withOptions(scheduler.map(options::withScheduler).orElse(options))
                .withSettings(shape.settings())
                .withSeed(seed)
                .withTrial(!full);
        return negativePrompt.map(request::withNegativePrompt).orElse(request);
    }

    /// The memory that may be taken.
    public OptionalLong memoryLimit() {
        return memoryLimit.map(size -> OptionalLong.of(size.bytes())).orElseGet(OptionalLong::empty);
    }
}
