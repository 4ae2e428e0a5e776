package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.inference.internal.video.PictureSums;
import java.util.EnumSet;
import java.util.Set;

/// The verdict on a generated video without looking at it: whether it is black, does not move, or is noise.
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

    /// The symptoms of a failed video.
    public enum VideoSymptom {
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
        PictureSums sums = new PictureSums(video.height(), video.width());
        for (int i = 0; i < video.frames(); i++) {
            sums.add(video.frame(i), video.frame(Math.max(0, i - 1)));
        }
        return sums.check();
    }

    /// What is wrong, nothing when the video may be a video.
    public Set<VideoSymptom> symptoms() {
        Set<VideoSymptom> symptoms = EnumSet.noneOf(VideoSymptom.class);
        if (brightness < BLACK_MEAN && contrast < BLACK_CONTRAST) {
            symptoms.add(VideoSymptom.BLACK);
        } else if (contrast < FLAT_CONTRAST) {
            symptoms.add(VideoSymptom.FLAT);
        } else if (smoothness < NOISE_SMOOTHNESS) {
            symptoms.add(VideoSymptom.NOISE);
        }
        if (frames > 1 && motion < FROZEN_MOTION && symptoms.isEmpty()) {
            symptoms.add(VideoSymptom.FROZEN);
        }
        return symptoms;
    }
}
