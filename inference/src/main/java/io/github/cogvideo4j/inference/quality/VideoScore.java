package io.github.cogvideo4j.inference.quality;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.video.VideoCheck;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;

/// The scores of one video, frame by frame and in all. No number in it is NaN: what cannot be measured is absent.
///
/// `docs/score.md` defines every measure and says which of FFmpeg's filters it comes from.
///
/// @param file            the video
/// @param height          in pixels
/// @param width           in pixels
/// @param framesPerSecond how fast it plays; 0 when the file does not say
/// @param check           the verdict that `generate --smoke` gives, and its numbers
/// @param frames          each frame, in order
/// @param likeness        how like its reference the video is, where there is one
public record VideoScore(
        Path file,
        int height,
        int width,
        double framesPerSecond,
        VideoCheck check,
        List<Frame> frames,
        Optional<Likeness> likeness) {
    private static final double WHITE = 255;
    private static final double BURNT_CLIPPED = 0.02;
    private static final double BURNT_LUMA = 5;

    /// Copies the list.
    public VideoScore {
        frames = List.copyOf(frames);
    }

    /// The measures that each frame has a number for.
    public enum Measure {
        /// The mean of luma, 0 to 255.
        LUMA("%.1f"),
        /// The mean distance of the chroma from grey, 0 to 181.
        SATURATION("%.1f"),
        /// The share of pixels of which a value is 250 or more.
        CLIPPED("%.4f"),
        /// The mean width of edges in pixels: the larger, the less sharp.
        BLUR("%.2f"),
        /// Spatial information by ITU-T P.910.
        SPATIAL_INFORMATION("%.2f"),
        /// Temporal information by ITU-T P.910.
        TEMPORAL_INFORMATION("%.2f"),
        /// VMAF's motion.
        MOTION("%.2f"),
        /// The mean absolute difference of the values from those of the frame before, 0 to 255.
        CHANGE("%.2f"),
        /// The peak signal-to-noise ratio to the reference in decibels; infinite where the frames are equal.
        PSNR("%.2f"),
        /// The structural similarity to the reference, at most 1.
        SSIM("%.4f"),
        /// The structural similarity to the reference over five scales, at most 1.
        MS_SSIM("%.4f");

        private final String format;

        Measure(String format) {
            this.format = format;
        }

        /// Its name in JSON and CSV: `temporal_information`.
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// Its name for people.
        public Message title() {
            return Message.of("inference.measure." + id().replace('_', '-'));
        }

        /// A value of it for people, with as many decimals as count.
        public String text(double value) {
            return Double.isInfinite(value) ? "∞" : String.format(Locale.ROOT, format, value);
        }
    }

    /// One frame.
    ///
    /// @param black    whether it is black
    /// @param frozen   whether the picture stands still
    /// @param repeated whether it is the frame before, value for value
    /// @param values   what was measured of it
    public record Frame(boolean black, boolean frozen, boolean repeated, Map<Measure, Double> values) {
        /// A number of this frame, where it has one.
        public OptionalDouble value(Measure measure) {
            Double value = values.get(measure);
            return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
        }
    }

    /// The likeness of the whole video to its reference.
    ///
    /// @param reference the other video
    /// @param psnr      of the mean squared error over all frames, in decibels; infinite when the videos are
    ///                  equal
    /// @param ssim      the mean of the frames
    /// @param msSsim    the mean of the frames; absent when the shorter side has fewer than 176 pixels
    public record Likeness(Path reference, double psnr, double ssim, OptionalDouble msSsim) {}

    /// The difference of the first frame from those after it: of image to video it is known to come out overexposed.
    ///
    /// @param luma    how much brighter it is than the median of the others
    /// @param clipped by how much its share of clipped pixels exceeds the median of the others
    public record FirstFrame(double luma, double clipped) {
        /// Whether it is burnt: brighter by 5 of 255 at least, and clipped in 2 % more of its pixels.
        public boolean burnt() {
            return luma >= BURNT_LUMA && clipped >= BURNT_CLIPPED;
        }
    }

    /// How many frames are black.
    public long blackFrames() {
        return count(Frame::black);
    }

    /// How many frames stand still.
    public long frozenFrames() {
        return count(Frame::frozen);
    }

    /// How many frames are the one before, value for value.
    public long repeatedFrames() {
        return count(Frame::repeated);
    }

    private long count(Predicate<Frame> what) {
        return frames.stream().filter(what).count();
    }

    /// The length of the longest part that stands still, in frames.
    public int longestFreeze() {
        int longest = 0;
        int length = 0;
        for (Frame frame : frames) {
            length = frame.frozen ? length + 1 : 0;
            longest = Math.max(longest, length);
        }
        return longest;
    }

    /// VBench's temporal flickering, `(255 - mean absolute difference of neighbouring frames) / 255`: 1 is
    /// steady. A single frame has none.
    public OptionalDouble temporalFlickering() {
        return frames.size() < 2 ? OptionalDouble.empty() : OptionalDouble.of((WHITE - check.motion()) / WHITE);
    }

    /// Mean, least and largest value of a measure; none where no frame has one.
    public Optional<DoubleSummaryStatistics> of(Measure measure) {
        DoubleSummaryStatistics statistics = values(frames, measure).summaryStatistics();
        return statistics.getCount() == 0 ? Optional.empty() : Optional.of(statistics);
    }

    /// How the first frame stands apart; unknown for fewer than three frames.
    public Optional<FirstFrame> firstFrame() {
        if (frames.size() < 3) {
            return Optional.empty();
        }
        return Optional.of(new FirstFrame(apart(Measure.LUMA), apart(Measure.CLIPPED)));
    }

    private double apart(Measure measure) {
        double[] others =
                values(frames.subList(1, frames.size()), measure).sorted().toArray();
        double first = frames.getFirst().value(measure).orElse(0);
        return others.length == 0 ? 0 : first - (others[(others.length - 1) / 2] + others[others.length / 2]) / 2;
    }

    private static DoubleStream values(List<Frame> frames, Measure measure) {
        return frames.stream().flatMapToDouble(frame -> frame.value(measure).stream());
    }

    /// The measures that some frame has a number for, in their order.
    public List<Measure> measures() {
        return Arrays.stream(Measure.values())
                .filter(measure -> of(measure).isPresent())
                .toList();
    }
}
