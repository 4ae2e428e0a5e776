package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.video.Video;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// What is to be generated. Names and defaults are those of diffusers' CogVideoX pipelines; see [#builder()].
///
/// @param prompts              what the videos show, one for each
/// @param negativePrompts      what they shall not show: none, one for all, or one for each prompt
/// @param height               in pixels; the model's own when empty
/// @param width                in pixels; the model's own when empty
/// @param numFrames            frames; the model's own when empty, the input's for video to video
/// @param steps                denoising steps
/// @param guidanceScale        how strongly the prompt counts; guidance is on above 1, and a million is the
///                             most
/// @param dynamicCfg           whether the guidance grows from step to step
/// @param seeds                one for all prompts together, or one for each
/// @param numVideosPerPrompt   videos for each prompt; those after the first have the seeds plus 1, plus 2,
///                             and so on
/// @param maxSequenceLength    text tokens; the model's own when empty
/// @param images               for image to video: one for all prompts, or one for each
/// @param video                for video to video: the input
/// @param strength             for video to video: 0 to 1, how much of the input is replaced
/// @param framesPerSecond      how fast the result plays; the model's own rate when empty
/// @param initialLatents       the noise to start from, instead of one drawn with the seeds
/// @param promptEmbeds         encoded prompts `[prompts, tokens, width]`, instead of the prompts
/// @param negativePromptEmbeds the same for the negative prompts
/// @param cache                a step cache, by which only part of each step is computed
public record PipelineRequest(
        List<String> prompts,
        List<String> negativePrompts,
        OptionalInt height,
        OptionalInt width,
        OptionalInt numFrames,
        int steps,
        double guidanceScale,
        boolean dynamicCfg,
        List<Long> seeds,
        int numVideosPerPrompt,
        OptionalInt maxSequenceLength,
        List<Image> images,
        Optional<Video> video,
        double strength,
        OptionalDouble framesPerSecond,
        Optional<HostTensor> initialLatents,
        Optional<HostTensor> promptEmbeds,
        Optional<HostTensor> negativePromptEmbeds,
        Optional<CacheChoice> cache) {
    /// Copies the lists.
    public PipelineRequest {
        prompts = List.copyOf(prompts);
        negativePrompts = List.copyOf(negativePrompts);
        seeds = List.copyOf(seeds);
        images = List.copyOf(images);
    }

    /// A request for one prompt with the defaults of everything else.
    public static PipelineRequest of(String prompt) {
        return builder().prompt(prompt).build();
    }

    /// A request with the defaults of everything.
    public static PipelineRequestBuilder builder() {
        return new PipelineRequestBuilder();
    }

    /// Whether there is guidance: two predictions a step instead of one.
    public boolean isGuided() {
        return guidanceScale > 1;
    }
}
