package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.cli.arguments.GenerationChoices.Enhancement;
import io.github.cogvideo4j.cli.arguments.GenerationChoices.Preset;
import io.github.cogvideo4j.cli.arguments.GenerationChoices.Seed;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationRequest.Extension;
import io.github.cogvideo4j.inference.generation.PromptInput;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options that say what is to be generated.
public final class RequestArguments {
    @Option(names = "--prompt", paramLabel = "TEXT")
    private Optional<String> prompt = Optional.empty();

    @Option(names = "--enhance-prompt", arity = "0..1", fallbackValue = "true", paramLabel = "true|try|false")
    private Enhancement enhance = Enhancement.FALSE;

    @Mixin
    private final SettingsArguments settings = new SettingsArguments();

    @Mixin
    private final InputArguments inputs = new InputArguments();

    @Option(names = "--prompts", paramLabel = "FILE")
    private Optional<Path> promptFile = Optional.empty();

    @Option(names = "--eta", paramLabel = "X", defaultValue = "0.0")
    @SuppressWarnings("UnusedVariable") // accepted for old command lines: it has no effect in the reference either
    private double eta;

    @Option(names = "--seed", paramLabel = "N|random", converter = GenerationChoices.SeedWord.class)
    private Optional<Seed> seed = Optional.empty();

    @Option(names = "--num-videos-per-prompt", paramLabel = "N", defaultValue = "1")
    private int videosPerPrompt = 1;

    @Option(names = "--preset", paramLabel = "NAME", defaultValue = "model")
    private Preset preset = Preset.MODEL;

    /// What holds where nothing else was given.
    public Preset preset() {
        return preset;
    }

    /// Whether a language model is to rewrite the prompts.
    public Enhancement enhance() {
        return enhance;
    }

    /// Whether it is said what the videos show.
    public boolean prompted() {
        return prompt.isPresent() || promptFile.isPresent();
    }

    /// The seed that chance chose for this command line, which nobody has seen yet.
    public OptionalLong drawnSeed() {
        return seed.filter(Seed::drawn)
                .map(drawn -> OptionalLong.of(drawn.value()))
                .orElseGet(OptionalLong::empty);
    }

    private int videosPerPrompt() {
        if (videosPerPrompt < 1 || videosPerPrompt > 1000) {
            throw new UsageException("cli.generate.videos", videosPerPrompt);
        }
        return videosPerPrompt;
    }

    /// A request with what was given here in place of what it says.
    ///
    /// @param base  a record's request, or one with the defaults of everything, with the model and the options
    ///              that are used
    /// @param kind  what the videos were made from, when it is a record's
    /// @param given whether an option stands on the command line
    /// @throws UsageException when there is no prompt, or inputs that do not go with it
    public GenerationRequest over(GenerationRequest base, Optional<GenerationKind> kind, Predicate<String> given)
            throws IOException {
        List<PromptInput> prompts = prompts(base.prompts().getFirst());
        Optional<Extension> extension = inputs.extension(base.extension());
        GenerationKind asked = extension.isPresent() ? GenerationKind.I2V : inputs.kind(prompts, kind);
        if (asked != GenerationKind.V2V && given.test("--strength")) {
            throw new UsageException("cli.generate.strength", asked);
        }
        GenerationRequest request = base.withPrompts(asked, prompts)
                .withExtension(extension)
                .withSettings(base.settings().withVideosPerPrompt(videosPerPrompt()))
                .withSeed(seed.map(Seed::value).orElse(base.seed()));
        return settings.over(request, preset, inputs.masked(), given);
    }

    /// The prompts, each with the input that its video starts from.
    private List<PromptInput> prompts(PromptInput base) throws IOException {
        if (prompt.isPresent() && promptFile.isPresent()) {
            throw new UsageException("cli.generate.two-prompts");
        }
        if (promptFile.isPresent()) {
            return PromptFile.read(promptFile.get()).stream()
                    .map(line -> inputs.around(line, base))
                    .toList();
        }
        if (prompt.isEmpty() && base.text().isEmpty()) {
            throw new UsageException("cli.generate.no-prompt");
        }
        return List.of(
                inputs.around(prompt.map(PromptInput::new).orElseGet(() -> base.withInput(Optional.empty())), base));
    }
}
