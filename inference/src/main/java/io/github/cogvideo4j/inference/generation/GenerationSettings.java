package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.WindowOptions;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Consumer;

/// The numbers that shape a video. Names and defaults are those of diffusers' CogVideoX pipelines.
///
/// @param height            in pixels; the model's own when empty
/// @param width             in pixels; the model's own when empty
/// @param numFrames         frames; the model's own when empty, the input's for video to video
/// @param steps             denoising steps
/// @param guidanceScale     how strongly the prompt counts; guidance is on above 1, and a million is the most
/// @param dynamicCfg        whether the guidance grows from step to step
/// @param videosPerPrompt   videos for each prompt; those after the first have the seeds plus 1, plus 2, and
///                          so on
/// @param maxSequenceLength text tokens; the model's own when empty
/// @param strength          for video to video: 0 to 1, how much of the input is replaced
/// @param framesPerSecond   how fast the result plays; the model's own rate when empty
/// @param cache             a step cache, by which only part of each step is computed
/// @param windows           the windows in which a long video is denoised
public record GenerationSettings(
        OptionalInt height,
        OptionalInt width,
        OptionalInt numFrames,
        int steps,
        double guidanceScale,
        boolean dynamicCfg,
        int videosPerPrompt,
        OptionalInt maxSequenceLength,
        double strength,
        OptionalDouble framesPerSecond,
        Optional<CacheChoice> cache,
        Optional<WindowOptions> windows) {
    private static final int STEPS = 50;
    private static final double GUIDANCE_SCALE = 6;
    private static final double STRENGTH = 0.8;

    /// 50 steps, a guidance scale of 6, a strength of 0.8, one video, and everything else as the model has it.
    public static GenerationSettings defaults() {
        return new GenerationSettings(
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                STEPS,
                GUIDANCE_SCALE,
                false,
                1,
                OptionalInt.empty(),
                STRENGTH,
                OptionalDouble.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /// Whether there is guidance: two predictions a step instead of one.
    public boolean isGuided() {
        return guidanceScale > 1;
    }

    /// With a height in pixels.
    public GenerationSettings withHeight(int value) {
        return with(copy -> copy.height = OptionalInt.of(value));
    }

    /// With a width in pixels.
    public GenerationSettings withWidth(int value) {
        return with(copy -> copy.width = OptionalInt.of(value));
    }

    /// With a number of frames.
    public GenerationSettings withNumFrames(int value) {
        return with(copy -> copy.numFrames = OptionalInt.of(value));
    }

    /// With a number of denoising steps.
    public GenerationSettings withSteps(int value) {
        return with(copy -> copy.steps = value);
    }

    /// With a guidance scale.
    public GenerationSettings withGuidanceScale(double value) {
        return with(copy -> copy.guidanceScale = value);
    }

    /// With guidance that grows from step to step, or not.
    public GenerationSettings withDynamicCfg(boolean value) {
        return with(copy -> copy.dynamicCfg = value);
    }

    /// With several videos for each prompt.
    public GenerationSettings withVideosPerPrompt(int value) {
        return with(copy -> copy.videosPerPrompt = value);
    }

    /// With a number of text tokens.
    public GenerationSettings withMaxSequenceLength(int value) {
        return with(copy -> copy.maxSequenceLength = OptionalInt.of(value));
    }

    /// With another strength, for video to video.
    public GenerationSettings withStrength(double value) {
        return with(copy -> copy.strength = value);
    }

    /// With a frame rate.
    public GenerationSettings withFramesPerSecond(double value) {
        return with(copy -> copy.framesPerSecond = OptionalDouble.of(value));
    }

    /// With a step cache.
    public GenerationSettings withCache(CacheChoice value) {
        return with(copy -> copy.cache = Optional.of(value));
    }

    /// With windows over a long video.
    public GenerationSettings withWindows(WindowOptions value) {
        return with(copy -> copy.windows = Optional.of(value));
    }

    private GenerationSettings with(Consumer<Fields> change) {
        Fields copy = new Fields(this);
        change.accept(copy);
        return copy.settings();
    }

    /// A mutable copy, in which one component is replaced.
    private static final class Fields {
        private OptionalInt height;
        private OptionalInt width;
        private OptionalInt numFrames;
        private int steps;
        private double guidanceScale;
        private boolean dynamicCfg;
        private int videosPerPrompt;
        private OptionalInt maxSequenceLength;
        private double strength;
        private OptionalDouble framesPerSecond;
        private Optional<CacheChoice> cache;
        private Optional<WindowOptions> windows;

        Fields(GenerationSettings settings) {
            height = settings.height;
            width = settings.width;
            numFrames = settings.numFrames;
            steps = settings.steps;
            guidanceScale = settings.guidanceScale;
            dynamicCfg = settings.dynamicCfg;
            videosPerPrompt = settings.videosPerPrompt;
            maxSequenceLength = settings.maxSequenceLength;
            strength = settings.strength;
            framesPerSecond = settings.framesPerSecond;
            cache = settings.cache;
            windows = settings.windows;
        }

        GenerationSettings settings() {
            return new GenerationSettings(
                    height,
                    width,
                    numFrames,
                    steps,
                    guidanceScale,
                    dynamicCfg,
                    videosPerPrompt,
                    maxSequenceLength,
                    strength,
                    framesPerSecond,
                    cache,
                    windows);
        }
    }
}
