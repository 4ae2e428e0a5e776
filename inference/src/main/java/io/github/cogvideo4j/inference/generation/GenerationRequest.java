package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// A request for videos in files: model, prompts with their input files, settings and outputs. It has a JSON
/// form, see [RequestJson], and is carried out by a [io.github.cogvideo4j.inference.pipeline.GenerationJob].
///
/// @param model          the model's folder, as diffusers lays it out
/// @param options        how the model is loaded
/// @param kind           what the videos start from; the same for all prompts
/// @param prompts        what the videos show, one after the other
/// @param negativePrompt what none of them shall show
/// @param settings       the numbers that shape them
/// @param seed           the seed of everything random
/// @param trial          whether a short and small video is made instead, and judged: four steps, nine
///                       frames, half the size, as far as the model can
/// @param extension      that the inputs are videos, which are continued; the kind is image to video
/// @param outputs        where the results go
public record GenerationRequest(
        Path model,
        PipelineOptions options,
        GenerationKind kind,
        List<PromptInput> prompts,
        Optional<String> negativePrompt,
        GenerationSettings settings,
        long seed,
        boolean trial,
        Optional<Extension> extension,
        GenerationOutputs outputs) {
    /// The seed where none is given, as in CogVideo's own scripts.
    public static final long DEFAULT_SEED = 42;

    /// Copies the prompts.
    public GenerationRequest {
        prompts = List.copyOf(prompts);
        if (prompts.isEmpty()) {
            throw new IllegalArgumentException("no prompt");
        }
    }

    /// A request for one video from a prompt, with the defaults of everything else.
    ///
    /// @param video the file that it becomes
    public static GenerationRequest of(Path model, String prompt, Path video) {
        return new GenerationRequest(
                model,
                PipelineOptions.defaults(),
                GenerationKind.T2V,
                List.of(new PromptInput(prompt)),
                Optional.empty(),
                GenerationSettings.defaults(),
                DEFAULT_SEED,
                false,
                Optional.empty(),
                GenerationOutputs.of(video));
    }

    /// The continuation of a video by clips, each of which begins with the last frames before it.
    ///
    /// @param clips   how many; each has as many frames as the settings say, the first of which are those last
    ///                ones. A clip's seed is the video's plus its number, counted from 0
    /// @param overlap how many frames these are: one, and for an inpainting model several, five when empty
    public record Extension(int clips, OptionalInt overlap) {
        /// The most clips of one video.
        public static final int MOST_CLIPS = 100;

        /// Checks the count.
        public Extension {
            if (clips < 1 || clips > MOST_CLIPS || overlap.orElse(1) < 1) {
                throw new IllegalArgumentException(clips + " clips, overlap " + overlap);
            }
        }
    }

    /// How many videos there will be.
    public int videos() {
        return Math.multiplyExact(prompts.size(), settings.videosPerPrompt());
    }

    /// With another model.
    public GenerationRequest withModel(Path value) {
        return new GenerationRequest(
                value, options, kind, prompts, negativePrompt, settings, seed, trial, extension, outputs);
    }

    /// With another way to load the model.
    public GenerationRequest withOptions(PipelineOptions value) {
        return new GenerationRequest(
                model, value, kind, prompts, negativePrompt, settings, seed, trial, extension, outputs);
    }

    /// With prompts and the files that their videos start from.
    public GenerationRequest withPrompts(GenerationKind newKind, List<PromptInput> value) {
        return new GenerationRequest(
                model, options, newKind, value, negativePrompt, settings, seed, trial, extension, outputs);
    }

    /// With something that the videos shall not show.
    public GenerationRequest withNegativePrompt(String value) {
        return new GenerationRequest(
                model, options, kind, prompts, Optional.of(value), settings, seed, trial, extension, outputs);
    }

    /// With other settings.
    public GenerationRequest withSettings(GenerationSettings value) {
        return new GenerationRequest(
                model, options, kind, prompts, negativePrompt, value, seed, trial, extension, outputs);
    }

    /// With another seed.
    public GenerationRequest withSeed(long value) {
        return new GenerationRequest(
                model, options, kind, prompts, negativePrompt, settings, value, trial, extension, outputs);
    }

    /// As a trial, or not.
    public GenerationRequest withTrial(boolean value) {
        return new GenerationRequest(
                model, options, kind, prompts, negativePrompt, settings, seed, value, extension, outputs);
    }

    /// With videos that are continued.
    public GenerationRequest withExtension(Optional<Extension> value) {
        return new GenerationRequest(
                model, options, kind, prompts, negativePrompt, settings, seed, trial, value, outputs);
    }

    /// With other places for the results.
    public GenerationRequest withOutputs(GenerationOutputs value) {
        return new GenerationRequest(
                model, options, kind, prompts, negativePrompt, settings, seed, trial, extension, value);
    }
}
