package io.github.cogvideo4j.inference.video;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.Set;

/// What can be seen of a generated video without looking at it: whether it is black, does not move, or is
/// noise.
///
/// @param brightness  the mean of all values, 0 to 255
/// @param contrast    their standard deviation
/// @param motion      the mean change of a value from one frame to the next; of a single frame, 0
/// @param smoothness  how much neighbouring pixels are alike: their correlation, 1 in a flat area, 0 in noise
/// @param frames      how many frames were looked at
public record VideoCheck(double brightness, double contrast, double motion, double smoothness, int frames) {
    private static final double BLACK_MEAN = 4;
    private static final double BLACK_CONTRAST = 4;
    private static final double FLAT_CONTRAST = 0.5;
    private static final double FROZEN_MOTION = 0.02;
    private static final double NOISE_SMOOTHNESS = 0.2;

    /// What is wrong with a video.
    public enum Symptom {
        /// Nearly all of it is black, as when the numbers overflowed.
        BLACK,
        /// One colour everywhere.
        FLAT,
        /// Every frame is the same.
        FROZEN,
        /// Neighbouring pixels have nothing in common, as when nothing was denoised.
        NOISE
    }

    /// Looks at a video.
    public static VideoCheck of(Video video) {
        Sums sums = new Sums();
        byte[] row = new byte[video.width() * Video.CHANNELS];
        byte[] before = new byte[row.length];
        long length = row.length;
        for (int i = 0; i < video.frames(); i++) {
            for (int y = 0; y < video.height(); y++) {
                MemorySegment.copy(video.frame(i), ValueLayout.JAVA_BYTE, y * length, row, 0, row.length);
                sums.add(row);
                if (i > 0) {
                    MemorySegment.copy(video.frame(i - 1), ValueLayout.JAVA_BYTE, y * length, before, 0, row.length);
                    sums.change(before, row);
                }
            }
        }
        return sums.check(video.frames());
    }

    /// What is wrong, nothing when the video may be a video.
    public Set<Symptom> symptoms() {
        Set<Symptom> symptoms = EnumSet.noneOf(Symptom.class);
        if (brightness < BLACK_MEAN && contrast < BLACK_CONTRAST) {
            symptoms.add(Symptom.BLACK);
        } else if (contrast < FLAT_CONTRAST) {
            symptoms.add(Symptom.FLAT);
        } else if (smoothness < NOISE_SMOOTHNESS) {
            symptoms.add(Symptom.NOISE);
        }
        if (frames > 1 && motion < FROZEN_MOTION && symptoms.isEmpty()) {
            symptoms.add(Symptom.FROZEN);
        }
        return symptoms;
    }

    private static final class Sums {
        private double values;
        private double sum;
        private double squares;
        private double pairs;
        private double products;
        private double firsts;
        private double seconds;
        private double changes;
        private double changed;

        void add(byte[] row) {
            for (int i = 0; i < row.length; i++) {
                double value = Byte.toUnsignedInt(row[i]);
                values++;
                sum += value;
                squares += value * value;
                if (i >= Video.CHANNELS) {
                    double left = Byte.toUnsignedInt(row[i - Video.CHANNELS]);
                    pairs++;
                    products += left * value;
                    firsts += left;
                    seconds += value;
                }
            }
        }

        void change(byte[] before, byte[] row) {
            for (int i = 0; i < row.length; i++) {
                changed += Math.abs(Byte.toUnsignedInt(row[i]) - Byte.toUnsignedInt(before[i]));
            }
            changes += row.length;
        }

        VideoCheck check(int frames) {
            double mean = sum / values;
            double variance = Math.max(0, squares / values - mean * mean);
            double covariance = pairs == 0 ? variance : products / pairs - firsts / pairs * (seconds / pairs);
            return new VideoCheck(
                    mean,
                    Math.sqrt(variance),
                    changes == 0 ? 0 : changed / changes,
                    variance == 0 ? 1 : covariance / variance,
                    frames);
        }
    }
}
