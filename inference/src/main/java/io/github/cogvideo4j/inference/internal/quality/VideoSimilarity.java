package io.github.cogvideo4j.inference.internal.quality;

import io.github.cogvideo4j.inference.video.Video;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// The likeness of a video to another one of the same size, as peak signal-to-noise ratio and structural
/// similarity, frame by frame and in all.
///
/// PSNR is `10 log10(255^2 / MSE)` in decibels, with the mean squared error over the 8-bit values of all three
/// channels; that of the whole video takes the error over all frames, and equal videos have infinity. SSIM is
/// that of Wang, Bovik, Sheikh and Simoncelli (IEEE Transactions on Image Processing 13, 2004): a Gaussian
/// window of 11 x 11 pixels with a deviation of 1.5, K1 = 0.01, K2 = 0.03, L = 255, variances of the window's
/// weights, the mean over all windows that lie inside the frame and over the three channels; that of the whole
/// video is the mean of its frames.
///
/// @param psnr   of the whole video, in decibels
/// @param ssim   of the whole video, at most 1
/// @param frames each frame by itself
public record VideoSimilarity(double psnr, double ssim, List<Frame> frames) {
    private static final double PEAK = 255;

    /// One frame's likeness.
    ///
    /// @param psnr in decibels
    /// @param ssim at most 1
    public record Frame(double psnr, double ssim) {}

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
        StructuralSimilarity structure = new StructuralSimilarity(one.height(), one.width());
        List<Frame> frames = new ArrayList<>();
        double errors = 0;
        double similarities = 0;
        for (int i = 0; i < one.frames(); i++) {
            double error = squaredError(one.frame(i), other.frame(i));
            double similarity = structure.of(one.frame(i), other.frame(i));
            errors += error;
            similarities += similarity;
            frames.add(new Frame(psnr(error), similarity));
        }
        return new VideoSimilarity(psnr(errors / one.frames()), similarities / one.frames(), frames);
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
