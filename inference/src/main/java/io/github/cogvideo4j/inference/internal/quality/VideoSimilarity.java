package io.github.cogvideo4j.inference.internal.quality;

import io.github.cogvideo4j.inference.video.Video;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/// The likeness of a video to another one of the same size, as peak signal-to-noise ratio and structural
/// similarity, frame by frame and in all.
///
/// PSNR is `10 log10(255^2 / MSE)` in decibels, with the mean squared error over the 8-bit values of all
/// three channels; that of the whole video takes the error over all frames, and equal videos have infinity.
/// SSIM is that of Wang, Bovik, Sheikh and Simoncelli (IEEE Transactions on Image Processing 13, 2004): a
/// Gaussian window of 11 x 11 pixels with a deviation of 1.5, K1 = 0.01, K2 = 0.03, L = 255, variances of the
/// window's weights, the mean over all windows that lie inside the frame and over the three channels; that of
/// the whole video is the mean of its frames.
///
/// MS-SSIM is that of Wang, Simoncelli and Bovik (Asilomar Conference on Signals, Systems and Computers
/// 2003): five scales, each half the one before by the mean of 2 x 2 values, weighted 0.0448, 0.2856, 0.3001,
/// 0.2363 and 0.1333, per channel, then the mean of the channels. Frames whose shorter side is below 176
/// pixels have none, since their smallest scale does not hold the window.
///
/// @param psnr   of the whole video, in decibels
/// @param ssim   of the whole video, at most 1
/// @param msSsim of the whole video, at most 1; none of small frames
/// @param frames each frame by itself
public record VideoSimilarity(double psnr, double ssim, OptionalDouble msSsim, List<Frame> frames) {
    private static final double PEAK = 255;

    /// One frame's likeness.
    ///
    /// @param psnr in decibels
    /// @param ssim at most 1
    /// @param msSsim at most 1; none of small frames
    public record Frame(double psnr, double ssim, OptionalDouble msSsim) {}

    /// Copies the list.
    public VideoSimilarity {
        frames = List.copyOf(frames);
    }

    /// How alike two videos are.
    ///
    /// @throws IllegalArgumentException when they differ in size or number of frames
    public static VideoSimilarity of(Video one, Video other) {
        if (one.frames() != other.frames() || one.height() != other.height() || one.width() != other.width()) {
            throw new IllegalArgumentException("videos of different sizes");
        }
        Sums sums = new Sums(one.height(), one.width());
        for (int i = 0; i < one.frames(); i++) {
            sums.add(one.frame(i), other.frame(i));
        }
        return sums.similarity();
    }

    /// The likeness of two videos whose frames come one after the other.
    static final class Sums {
        private final StructuralSimilarity structure;
        private final List<Frame> frames = new ArrayList<>();
        private double errors;
        private double similarities;
        private double multiScale;

        Sums(int height, int width) {
            structure = new StructuralSimilarity(height, width);
        }

        /// Compares the next frames, `[height, width, 3]` each.
        Frame add(MemorySegment one, MemorySegment other) {
            double error = squaredError(one, other);
            StructuralSimilarity.Similarity similarity = structure.of(one, other);
            errors += error;
            similarities += similarity.ssim();
            multiScale += similarity.multiScale().orElse(0);
            Frame frame = new Frame(psnr(error), similarity.ssim(), similarity.multiScale());
            frames.add(frame);
            return frame;
        }

        /// The likeness of all frames so far; there is at least one.
        VideoSimilarity similarity() {
            int count = frames.size();
            return new VideoSimilarity(
                    psnr(errors / count),
                    similarities / count,
                    frames.getFirst().msSsim().isEmpty()
                            ? OptionalDouble.empty()
                            : OptionalDouble.of(multiScale / count),
                    frames);
        }
    }

    private static double psnr(double meanSquaredError) {
        return 10 * Math.log10(PEAK * PEAK / meanSquaredError);
    }

    private static double squaredError(MemorySegment one, MemorySegment other) {
        long sum = 0;
        for (long i = 0; i < one.byteSize(); i++) {
            int difference = (one.get(ValueLayout.JAVA_BYTE, i) & 0xFF) - (other.get(ValueLayout.JAVA_BYTE, i) & 0xFF);
            sum += (long) difference * difference;
        }
        return (double) sum / one.byteSize();
    }
}
