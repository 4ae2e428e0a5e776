package io.github.cogvideo4j.inference.internal.window;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.options.WindowOptions;
import io.github.cogvideo4j.inference.options.WindowOptions.Blend;
import io.github.cogvideo4j.inference.options.WindowOptions.Positions;
import io.github.cogvideo4j.inference.options.WindowOptions.Schedule;
import java.util.List;
import java.util.OptionalInt;

/// Windows over a video of a known length for one model, in latent frames.
///
/// @param options what was asked for, with every size filled in
/// @param frames  the latent frames of the video
/// @param size    latent frames of a window
/// @param stride  the most widths between frames of a window
/// @param overlap latent frames that neighbouring windows share
public record WindowLayout(WindowOptions options, int frames, int size, int stride, int overlap) {
    /// What the reference's node asks for.
    private static final int USUAL_SIZE = 48;

    private static final int USUAL_STRIDE = 4;
    private static final int USUAL_OVERLAP = 4;

    /// The layout of what was asked for.
    ///
    /// @param frames the latent frames of the video
    /// @throws InvalidRequestException when a size is none, or the model cannot compute it
    public static WindowLayout of(WindowOptions asked, TransformerConfig config, int frames) {
        int ratio = config.temporalCompressionRatio();
        int depth = config.patchSizeT().orElse(1);
        int size = asked.size().orElse(usualSize(config));
        require(size >= ratio * depth, "window_size", size, ">= " + ratio * depth);
        int latentSize = size / ratio;
        if (latentSize % depth != 0) {
            throw refused("inference.window.depth", size, ratio * depth, latentSize / depth * depth * ratio);
        }
        int stride = asked.stride().orElse(USUAL_STRIDE);
        require(stride >= ratio, "window_stride", stride, ">= " + ratio);
        int overlap = asked.overlap().orElse(Math.min(USUAL_OVERLAP, size - ratio));
        require(overlap >= 0 && overlap / ratio < latentSize, "window_overlap", overlap, "0 - " + (size - ratio));
        if (asked.positions() == Positions.VIDEO && config.useLearnedPositionalEmbeddings()) {
            throw refused("inference.window.learned-positions", Positions.VIDEO, Positions.START);
        }
        WindowOptions filled = asked.withSizes(OptionalInt.of(size), OptionalInt.of(stride), OptionalInt.of(overlap));
        return new WindowLayout(filled, frames, latentSize, stride / ratio, overlap / ratio);
    }

    /// As many frames as the reference's node asks for and the model was trained with; learned positions exist
    /// for just the number that it was trained with.
    private static int usualSize(TransformerConfig config) {
        int ratio = config.temporalCompressionRatio();
        int step = ratio * config.patchSizeT().orElse(1);
        int trained = (config.sampleFrames() - 1) / ratio + 1;
        if (config.useLearnedPositionalEmbeddings()) {
            return trained * ratio;
        }
        return Math.max(step, Math.min(USUAL_SIZE, config.sampleFrames()) / step * step);
    }

    /// The windows of a step.
    ///
    /// @param step the index of the sampler's call
    public List<List<Integer>> at(int step) {
        return switch (options.schedule()) {
            case STATIC -> WindowLists.fixed(frames, size, overlap);
            case UNIFORM -> WindowLists.uniform(step, frames, size, stride, overlap);
            case LOOPED -> WindowLists.looped(step, frames, size, stride, overlap);
        };
    }

    /// Whether the same windows come at every step.
    public boolean isFixed() {
        return frames <= size || options.schedule() == Schedule.STATIC;
    }

    /// How many windows a run predicts.
    ///
    /// @param steps the calls of its sampler
    public long calls(int steps) {
        long calls = 0;
        for (int i = 0; i < steps; i++) {
            calls = Math.addExact(calls, at(i).size());
        }
        return calls;
    }

    /// The shuffling of noise that goes with it.
    public FreeNoise freeNoise() {
        return new FreeNoise(size, overlap);
    }

    /// The latent frames of the longest window.
    public int longest() {
        return Math.min(size, frames);
    }

    /// The weight of each frame of a window: 1, or more the farther it is from the window's ends. Over an
    /// overlap of neighbours the share of the later window then grows evenly from frame to frame, however wide
    /// it is.
    ///
    /// @param length the window's frames
    float[] weights(int length) {
        float[] weights = new float[length];
        for (int i = 0; i < length; i++) {
            weights[i] = options.blend() == Blend.FADE ? Math.min(i + 1, length - i) : 1;
        }
        return weights;
    }

    private static void require(boolean holds, String field, int value, String allowed) {
        if (!holds) {
            throw refused("inference.pipeline.value", field, value, allowed);
        }
    }

    private static InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }
}
