package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.WindowOptions;
import io.github.cogvideo4j.inference.video.Video;
import java.util.List;
import java.util.Optional;

/// A builder of a [PipelineRequest]: 50 steps, guidance 6, seed 42 and strength 0.8 unless set otherwise.
public final class PipelineRequestBuilder {
    private List<String> prompts = List.of();
    private List<String> negativePrompts = List.of();
    private GenerationSettings settings = GenerationSettings.defaults();
    private List<Long> seeds = List.of(GenerationRequest.DEFAULT_SEED);
    private List<Image> images = List.of();
    private Optional<Video> video = Optional.empty();
    private Optional<Image> lastImage = Optional.empty();
    private Optional<Video> mask = Optional.empty();
    private Optional<HostTensor> initialLatents = Optional.empty();
    private Optional<HostTensor> promptEmbeds = Optional.empty();
    private Optional<HostTensor> negativePromptEmbeds = Optional.empty();

    PipelineRequestBuilder() {}

    /// What the video shows.
    public PipelineRequestBuilder prompt(String value) {
        return prompts(List.of(value));
    }

    /// What the videos show, one prompt for each; they are computed together.
    public PipelineRequestBuilder prompts(List<String> value) {
        prompts = value;
        return this;
    }

    /// What the videos should not show.
    public PipelineRequestBuilder negativePrompt(String value) {
        return negativePrompts(List.of(value));
    }

    /// What the videos should not show, one for each prompt.
    public PipelineRequestBuilder negativePrompts(List<String> value) {
        negativePrompts = value;
        return this;
    }

    /// The height in pixels.
    public PipelineRequestBuilder height(int value) {
        settings = settings.withHeight(value);
        return this;
    }

    /// The width in pixels.
    public PipelineRequestBuilder width(int value) {
        settings = settings.withWidth(value);
        return this;
    }

    /// The number of frames.
    public PipelineRequestBuilder numFrames(int value) {
        settings = settings.withNumFrames(value);
        return this;
    }

    /// The number of denoising steps.
    public PipelineRequestBuilder steps(int value) {
        settings = settings.withSteps(value);
        return this;
    }

    /// How strongly the prompt counts.
    public PipelineRequestBuilder guidanceScale(double value) {
        settings = settings.withGuidanceScale(value);
        return this;
    }

    /// Whether the guidance grows from step to step.
    public PipelineRequestBuilder dynamicCfg(boolean value) {
        settings = settings.withDynamicCfg(value);
        return this;
    }

    /// The seed of everything random.
    public PipelineRequestBuilder seed(long value) {
        return seeds(List.of(value));
    }

    /// A seed for each prompt.
    public PipelineRequestBuilder seeds(List<Long> value) {
        seeds = value;
        return this;
    }

    /// How many videos of each prompt.
    public PipelineRequestBuilder numVideosPerPrompt(int value) {
        settings = settings.withVideosPerPrompt(value);
        return this;
    }

    /// How many tokens of the prompts count.
    public PipelineRequestBuilder maxSequenceLength(int value) {
        settings = settings.withMaxSequenceLength(value);
        return this;
    }

    /// The image that the video begins with. The caller keeps it open until the video is there.
    public PipelineRequestBuilder image(Image value) {
        return images(List.of(value));
    }

    /// An image for each prompt.
    public PipelineRequestBuilder images(List<Image> value) {
        images = value;
        return this;
    }

    /// The video that is changed. The caller keeps it open until the result is there.
    public PipelineRequestBuilder video(Video value) {
        video = Optional.of(value);
        return this;
    }

    /// The image that the video ends with; for inpainting models. The caller keeps it open until the video is there.
    public PipelineRequestBuilder lastImage(Image value) {
        lastImage = Optional.of(value);
        return this;
    }

    /// Where the input video is made anew, as white in one frame or in each; for inpainting models. The caller keeps it
    /// open until the result is there.
    public PipelineRequestBuilder mask(Video value) {
        mask = Optional.of(value);
        return this;
    }

    /// How much of the input video is replaced.
    public PipelineRequestBuilder strength(double value) {
        settings = settings.withStrength(value);
        return this;
    }

    /// All numbers at once; those that were given before are forgotten.
    public PipelineRequestBuilder settings(GenerationSettings value) {
        settings = value;
        return this;
    }

    /// How many frames make a second.
    public PipelineRequestBuilder framesPerSecond(double value) {
        settings = settings.withFramesPerSecond(value);
        return this;
    }

    /// The noise to start from. The caller keeps it open until the video is there.
    public PipelineRequestBuilder initialLatents(HostTensor value) {
        initialLatents = Optional.of(value);
        return this;
    }

    /// The encoded prompts.
    public PipelineRequestBuilder promptEmbeds(HostTensor value) {
        promptEmbeds = Optional.of(value);
        return this;
    }

    /// The encoded negative prompts.
    public PipelineRequestBuilder negativePromptEmbeds(HostTensor value) {
        negativePromptEmbeds = Optional.of(value);
        return this;
    }

    /// The windows over a long video.
    public PipelineRequestBuilder windows(WindowOptions value) {
        settings = settings.withWindows(value);
        return this;
    }

    /// The step cache.
    public PipelineRequestBuilder cache(CacheChoice value) {
        settings = settings.withCache(value);
        return this;
    }

    /// The request.
    public PipelineRequest build() {
        return new PipelineRequest(
                prompts,
                negativePrompts,
                settings,
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
