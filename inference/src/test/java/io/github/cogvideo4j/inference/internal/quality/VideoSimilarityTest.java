package io.github.cogvideo4j.inference.internal.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.inference.video.Video;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.bytedeco.ffmpeg.global.avfilter;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;

/// PSNR and SSIM against values that follow from their formulas.
class VideoSimilarityTest {
    private static final int FRAMES = 2;
    private static final int HEIGHT = 20;
    private static final int WIDTH = 24;

    /// A video whose n-th value is a function of n.
    private static Video video(IntUnaryOperator value) {
        Video video = Video.allocate(FRAMES, HEIGHT, WIDTH, 8);
        for (int i = 0; i < video.pixels().byteSize(); i++) {
            video.pixels().set(ValueLayout.JAVA_BYTE, i, (byte) value.applyAsInt(i));
        }
        return video;
    }

    @Test
    void equalVideosAreEqual() {
        Random random = new Random(5);
        int[] values = random.ints(FRAMES * HEIGHT * WIDTH * 3, 0, 256).toArray();
        try (Video one = video(i -> values[i]);
                Video other = video(i -> values[i])) {
            VideoSimilarity similarity = VideoSimilarity.of(one, other);
            assertThat(similarity.psnr()).isInfinite();
            assertThat(similarity.ssim()).isCloseTo(1, within(1e-12));
            assertThat(similarity.frames()).hasSize(FRAMES);
        }
    }

    /// A difference of d everywhere has an error of d squared.
    @Test
    void aConstantDifferenceHasTheFormulasValues() {
        try (Video one = video(_ -> 100);
                Video other = video(_ -> 110)) {
            VideoSimilarity similarity = VideoSimilarity.of(one, other);
            assertThat(similarity.psnr()).isCloseTo(20 * Math.log10(255 / 10.0), within(1e-9));
            // without variance the structure counts 1, the luminance (2ab + C1) / (a^2 + b^2 + C1)
            double c1 = 2.55 * 2.55;
            double expected = (2 * 100 * 110 + c1) / (100 * 100 + 110 * 110 + c1);
            assertThat(similarity.ssim()).isCloseTo(expected, within(1e-9));
            assertThat(similarity.frames())
                    .allSatisfy(frame -> assertThat(frame.psnr()).isCloseTo(similarity.psnr(), within(1e-9)));
        }
    }

    /// The whole video's error is the mean of its frames': one frame equal, the other 20 away.
    @Test
    void theWholeIsNotTheMeanOfDecibels() {
        int half = HEIGHT * WIDTH * 3;
        try (Video one = video(_ -> 50);
                Video other = video(i -> i < half ? 50 : 70)) {
            VideoSimilarity similarity = VideoSimilarity.of(one, other);
            assertThat(similarity.frames().getFirst().psnr()).isInfinite();
            assertThat(similarity.psnr()).isCloseTo(10 * Math.log10(255 * 255 / 200.0), within(1e-9));
        }
    }

    @Test
    void moreNoiseIsLessAlike() {
        Random random = new Random(9);
        int[] noise = random.ints(FRAMES * HEIGHT * WIDTH * 3, -10, 11).toArray();
        try (Video one = video(i -> 128 + i % 50);
                Video near = video(i -> 128 + i % 50 + noise[i] / 5);
                Video far = video(i -> 128 + i % 50 + noise[i])) {
            VideoSimilarity little = VideoSimilarity.of(one, near);
            VideoSimilarity much = VideoSimilarity.of(one, far);
            assertThat(little.psnr()).isGreaterThan(much.psnr());
            assertThat(little.ssim()).isGreaterThan(much.ssim()).isLessThan(1);
            assertThat(VideoSimilarity.of(far, one).ssim()).isCloseTo(much.ssim(), within(1e-12));
        }
    }

    @Test
    void otherSizesAreRefused() {
        try (Video one = video(_ -> 0);
                Video other = Video.allocate(1, HEIGHT, WIDTH, 8)) {
            assertThatThrownBy(() -> VideoSimilarity.of(one, other)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /// There is no VMAF because FFmpeg's build has no filter for it. A build that has one fails here: then `score`
    /// is to give VMAF, and docs/score.md to say so.
    @Test
    void thisBuildOfFfmpegCannotMeasureVmaf() {
        Loader.load(avfilter.class);
        assertThat(avfilter.avfilter_get_by_name("ssim") == null).isFalse();
        assertThat(avfilter.avfilter_get_by_name("libvmaf") == null).isTrue();
    }
}
