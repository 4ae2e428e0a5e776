package io.github.cogvideo4j.inference.options;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/// The windows in which a video longer than the model was trained for is denoised: at every step each window of
/// frames is predicted by itself, and where windows overlap their predictions are averaged.
///
/// Sizes are in frames of the video, as in ComfyUI's CogVideoX wrapper, and are rounded down to whole latent
/// frames, of four video frames each.
///
/// @param schedule  which windows there are at a step
/// @param size      frames of a window; 48 when empty, or fewer where the model was trained with fewer
/// @param stride    the widest step between the frames of a window, which doubles from 4 on; 4 when empty,
///                  which means neighbouring frames only
/// @param overlap   frames that neighbouring windows share; 4 when empty
/// @param freeNoise whether the noise of later frames is that of earlier ones in another order (Qiu et al.,
///                  arXiv 2310.15169), so that windows resemble each other
/// @param blend     how predictions of overlapping windows are weighted
/// @param positions the temporal positions that the model is given for a window's frames
public record WindowOptions(
        Schedule schedule,
        OptionalInt size,
        OptionalInt stride,
        OptionalInt overlap,
        boolean freeNoise,
        Blend blend,
        Positions positions) {
    /// The windows of a schedule with the defaults of everything else.
    public static WindowOptions of(Schedule schedule) {
        return new WindowOptions(
                schedule,
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                true,
                Blend.FLAT,
                Positions.START);
    }

    /// With sizes in frames of the video.
    public WindowOptions withSizes(OptionalInt newSize, OptionalInt newStride, OptionalInt newOverlap) {
        return new WindowOptions(schedule, newSize, newStride, newOverlap, freeNoise, blend, positions);
    }

    /// With noise whose frames recur, or not.
    public WindowOptions withFreeNoise(boolean value) {
        return new WindowOptions(schedule, size, stride, overlap, value, blend, positions);
    }

    /// With other weights.
    public WindowOptions withBlend(Blend value) {
        return new WindowOptions(schedule, size, stride, overlap, freeNoise, value, positions);
    }

    /// With other places in time.
    public WindowOptions withPositions(Positions value) {
        return new WindowOptions(schedule, size, stride, overlap, freeNoise, blend, value);
    }

    /// Which windows there are at a step.
    public enum Schedule {
        /// The same windows at every step, one after the other.
        STATIC,
        /// Windows that begin at another place at every step.
        UNIFORM,
        /// The same, running on from the last frame to the first: the video loops.
        LOOPED;

        /// The schedule of a name, in any case; the reference's longer names are known as well.
        public static Optional<Schedule> named(String name) {
            String word = name.strip().toLowerCase(Locale.ROOT).replace('-', '_');
            return Arrays.stream(values())
                    .filter(schedule -> word.equals(schedule.toString()) || word.equals(schedule.reference()))
                    .findFirst();
        }

        private String reference() {
            return switch (this) {
                case STATIC -> "static_standard";
                case UNIFORM -> "uniform_standard";
                case LOOPED -> "uniform_looped";
            };
        }

        @Override
        public String toString() {
            return word(this);
        }
    }

    /// How predictions of overlapping windows are weighted.
    public enum Blend {
        /// All alike, as in the reference.
        FLAT,
        /// Less towards a window's ends, so that one window gives way to the next evenly over their overlap.
        FADE;

        @Override
        public String toString() {
            return word(this);
        }
    }

    /// The temporal positions that the model is given for a window's frames.
    public enum Positions {
        /// As if each window were the beginning of a video: what the model was trained with.
        START,
        /// Their own places in the whole video.
        VIDEO;

        @Override
        public String toString() {
            return word(this);
        }
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
