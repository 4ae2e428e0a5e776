package io.github.cogvideo4j.cli.enhance;

import io.github.cogvideo4j.cli.arguments.GenerationChoices.Enhancement;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.PromptInput;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Prompts rewritten by the language model that the environment names, in the long and concrete form that the
/// models' captions had in training. Which host is asked is told; the key is not.
public final class PromptEnhancer {
    /// Longer than what the text encoder reads, by far.
    private static final int LONGEST = 4_000;

    private static final String INSTRUCTION = """
            You rewrite prompts for a model that makes short videos from a description. Answer with one paragraph of \
            plain English of at most 120 words, and nothing else: no title, no quotation marks, no explanation.
            Keep every subject, number, name, action and style that the text gives, and contradict none of them. \
            Translate other languages. Add what a camera would see and the text leaves open: how the subjects look, \
            what they do from the first moment to the last, where they are, the light, the colours, and where the \
            camera is and how it moves. Write in the present tense. Leave out sound, thoughts and anything invisible.\
            """;
    private static final String FROM_AN_IMAGE =
            " The video begins with a picture that you cannot see: describe what happens in it, and add no looks of"
                    + " subjects or places that the text does not give.";

    private final Console console;
    private final LanguageModel model;
    private final boolean optional;
    private final Duration patience;

    /// @throws io.github.cogvideo4j.cli.arguments.UsageException when the environment names no endpoint
    public PromptEnhancer(Console console, Map<String, String> environment, Enhancement mode) {
        this(console, environment, mode, ChatRequest.PATIENCE);
    }

    PromptEnhancer(Console console, Map<String, String> environment, Enhancement mode, Duration patience) {
        this.console = console;
        this.model = LanguageModel.of(environment);
        this.optional = mode == Enhancement.TRY;
        this.patience = patience;
    }

    /// The request with every prompt rewritten; each keeps the words that were given.
    ///
    /// @throws MissingCapabilityException `endpoint` when the language model does not answer and has to
    public GenerationRequest enhanced(GenerationRequest request) {
        console.note("cli.enhance.asks", model.name(), model.host());
        if (model.isOpen()) {
            console.note("cli.enhance.open", model.host(), LanguageModel.URL);
        }
        String instruction = request.kind() == GenerationKind.I2V ? INSTRUCTION + FROM_AN_IMAGE : INSTRUCTION;
        List<PromptInput> prompts = new ArrayList<>(request.prompts());
        try {
            for (int i = 0; i < prompts.size(); i++) {
                PromptInput prompt = prompts.get(i);
                String given = prompt.original().orElse(prompt.text());
                String better = plain(new ChatRequest(model, patience).ask(instruction, given));
                console.note("cli.enhance.prompt", better);
                prompts.set(i, prompt.enhanced(better));
            }
        } catch (MissingCapabilityException e) {
            if (!optional) {
                throw e;
            }
            console.warn(e.problem());
        }
        return request.withPrompts(request.kind(), prompts);
    }

    /// One line without what models put around an answer.
    private String plain(String answer) {
        String text = answer.replaceAll("(?s)<think>.*?</think>", " ")
                .replaceAll("[\\p{Cntrl}\\p{Cf}\\s]+", " ")
                .strip()
                .replaceAll("^[\"“](.*)[\"”]$", "$1")
                .strip();
        if (text.isEmpty()) {
            throw ChatRequest.failed("cli.enhance.empty", model.host());
        }
        if (text.length() > LONGEST) {
            throw ChatRequest.failed("cli.enhance.long", model.host(), text.length(), LONGEST);
        }
        return text;
    }
}
