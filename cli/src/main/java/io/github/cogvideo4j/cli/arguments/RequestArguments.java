package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.cli.arguments.GenerationChoices.Kind;
import io.github.cogvideo4j.cli.arguments.GenerationChoices.Preset;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.quality.CacheSubject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options that say what is to be generated.
public final class RequestArguments {
    @Option(names = "--prompt", paramLabel = "TEXT")
    private Optional<String> prompt = Optional.empty();

    @Option(names = "--negative-prompt", paramLabel = "TEXT")
    private Optional<String> negativePrompt = Optional.empty();

    @Option(names = "--image-or-video-path", paramLabel = "FILE")
    private Optional<Path> input = Optional.empty();

    @Option(names = "--prompts", paramLabel = "FILE")
    private Optional<Path> promptFile = Optional.empty();

    @Option(names = "--generate-type", paramLabel = "TYPE")
    private Optional<Kind> kind = Optional.empty();

    @Option(names = "--height", paramLabel = "N")
    private Optional<Integer> height = Optional.empty();

    @Option(names = "--width", paramLabel = "N")
    private Optional<Integer> width = Optional.empty();

    @Option(names = "--num-frames", paramLabel = "N")
    private Optional<Integer> numFrames = Optional.empty();

    @Option(names = "--fps", paramLabel = "N")
    private Optional<Double> fps = Optional.empty();

    @Option(names = "--num-inference-steps", paramLabel = "N", defaultValue = "50")
    private int steps = 50;

    @Option(names = "--guidance-scale", paramLabel = "X", defaultValue = "6.0")
    private double guidanceScale = 6;

    @Option(names = "--use-dynamic-cfg", arity = "0..1", fallbackValue = "true", paramLabel = "true|false")
    private Optional<Boolean> dynamicCfg = Optional.empty();

    @Option(names = "--strength", paramLabel = "X", defaultValue = "0.8")
    private double strength = 0.8;

    @Option(names = "--eta", paramLabel = "X", defaultValue = "0.0")
    @SuppressWarnings("UnusedVariable") // accepted for old command lines: it has no effect in the reference either
    private double eta;

    @Option(names = "--max-sequence-length", paramLabel = "N")
    private Optional<Integer> maxSequenceLength = Optional.empty();

    @Option(names = "--seed", paramLabel = "N", defaultValue = "42")
    private long seed = 42;

    @Option(names = "--num-videos-per-prompt", paramLabel = "N", defaultValue = "1")
    private int videosPerPrompt = 1;

    @Option(names = "--cache", paramLabel = "NAME[:KEY=VALUE,...]")
    private Optional<String> cache = Optional.empty();

    @Option(names = "--preset", paramLabel = "NAME", defaultValue = "model")
    private Preset preset = Preset.MODEL;

    /// What holds where nothing else was given.
    public Preset preset() {
        return preset;
    }

    /// How many videos of each prompt.
    public int videosPerPrompt() {
        if (videosPerPrompt < 1 || videosPerPrompt > 1000) {
            throw new UsageException("cli.generate.videos", videosPerPrompt);
        }
        return videosPerPrompt;
    }

    /// The prompts, each with the input that its video starts from.
    ///
    /// @throws UsageException when there is none, or two sources of them
    public List<Prompt> prompts() throws IOException {
        if (prompt.isPresent() && promptFile.isPresent()) {
            throw new UsageException("cli.generate.two-prompts");
        }
        if (promptFile.isPresent()) {
            return Prompt.read(promptFile.get()).stream()
                    .map(line -> new Prompt(line.text(), line.input().or(() -> input)))
                    .toList();
        }
        return List.of(new Prompt(prompt.orElseThrow(() -> new UsageException("cli.generate.no-prompt")), input));
    }

    /// What kind of generation a prompt asks for: what was said, or what its input makes plain.
    ///
    /// @throws UsageException when the input does not go with it
    public Kind kind(Prompt asked) throws IOException {
        if (asked.input().isEmpty()) {
            if (kind.filter(type -> type != Kind.T2V).isPresent()) {
                throw new UsageException("cli.generate.no-input", kind.get());
            }
            return Kind.T2V;
        }
        Kind plain = Image.isStill(asked.input().get()) ? Kind.I2V : Kind.V2V;
        if (kind.filter(type -> type != plain).isPresent()) {
            // A GIF may be meant as the image that it begins with.
            if (kind.get() == Kind.I2V && plain == Kind.V2V) {
                return Kind.I2V;
            }
            throw new UsageException(
                    "cli.generate.wrong-input", kind.get(), asked.input().get());
        }
        return plain;
    }

    /// Puts what `--cache auto:psnr=X` means for a model in its place.
    ///
    /// @throws UsageException when it has another form
    public void settleCache(Path model, PipelineOptions options) throws IOException {
        if (cache.filter(CacheTables::isAutomatic).isPresent()) {
            CacheSubject subject = CacheSubject.of(model, options, steps);
            cache = Optional.of(CacheTables.choose(cache.get(), model, subject).toString());
        }
    }

    /// The request for one prompt, without its input.
    public PipelineRequestBuilder request(Prompt asked) {
        PipelineRequestBuilder request = PipelineRequest.builder()
                .prompt(asked.text())
                .steps(steps)
                .guidanceScale(guidanceScale)
                .dynamicCfg(dynamicCfg.orElse(preset == Preset.CLI_DEMO))
                .strength(strength)
                .seed(seed)
                .numVideosPerPrompt(videosPerPrompt());
        negativePrompt.ifPresent(request::negativePrompt);
        height.ifPresent(request::height);
        width.ifPresent(request::width);
        numFrames.ifPresent(request::numFrames);
        fps.ifPresent(request::framesPerSecond);
        maxSequenceLength.ifPresent(request::maxSequenceLength);
        cache.map(CacheChoice::of).ifPresent(request::cache);
        return request;
    }
}
