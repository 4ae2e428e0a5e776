package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import java.util.List;
import java.util.Optional;

/// A request to a loaded pipeline, with its inputs in memory; see [#builder()]. Names are those of diffusers'
/// CogVideoX pipelines.
///
/// @param prompts              what the videos show, one for each
/// @param negativePrompts      what they shall not show: none, one for all, or one for each prompt
/// @param settings             the numbers that shape them
/// @param seeds                one for all prompts together, or one for each
/// @param images               for image to video: one for all prompts, or one for each
/// @param video                for video to video: the input; for control: the control video
/// @param lastImage            for inpainting models: what the video ends with, beside an image that it begins with
/// @param mask                 for inpainting models: white where the input video is made anew, one frame for all
///                             frames or one for each
/// @param initialLatents       the noise to start from, instead of one drawn with the seeds
/// @param promptEmbeds         encoded prompts `[prompts, tokens, width]`, instead of the prompts
/// @param negativePromptEmbeds the same for the negative prompts
public record PipelineRequest(
        List<String> prompts,
        List<String> negativePrompts,
        GenerationSettings settings,
        List<Long> seeds,
        List<Image> images,
        Optional<Video> video,
        Optional<Image> lastImage,
        Optional<Video> mask,
        Optional<HostTensor> initialLatents,
        Optional<HostTensor> promptEmbeds,
        Optional<HostTensor> negativePromptEmbeds) {
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

    /// With other settings.
    public PipelineRequest withSettings(GenerationSettings value) {
        return new PipelineRequest(
                prompts,
                negativePrompts,
                value,
                seeds,
                images,
                video,
                lastImage,
                mask,
                initialLatents,
                promptEmbeds,
                negativePromptEmbeds);
    }
}
