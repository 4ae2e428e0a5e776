package io.github.cogvideo4j.inference.internal.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.internal.video.FilterChain;
import io.github.cogvideo4j.inference.internal.video.FilterChain.Filtered;
import io.github.cogvideo4j.inference.internal.video.PictureSums;
import io.github.cogvideo4j.inference.internal.video.PixelFrame;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Measures against the numbers of other implementations, which `golden/score/expected.json` names.
class MeasureGoldenTest {
    private static final int FRAMES = 3;
    private static final int HEIGHT = 176;
    private static final int WIDTH = 192;

    private static JsonNode expected;

    @BeforeAll
    static void readGoldens() throws IOException {
        expected = JsonFile.readObject(Resources.golden("score/expected.json"), 1 << 16, ProblemCode.CONFIG_INVALID);
    }

    /// A value of a frame.
    @FunctionalInterface
    private interface Pixel {
        int at(int t, int y, int x, int c);
    }

    private static Video video(Pixel pixel) {
        Video video = Video.allocate(FRAMES, HEIGHT, WIDTH, 8);
        long at = 0;
        for (int t = 0; t < FRAMES; t++) {
            for (int y = 0; y < HEIGHT; y++) {
                for (int x = 0; x < WIDTH; x++) {
                    for (int c = 0; c < Video.CHANNELS; c++) {
                        video.pixels().set(ValueLayout.JAVA_BYTE, at++, (byte) pixel.at(t, y, x, c));
                    }
                }
            }
        }
        return video;
    }

    private static int triangle(int n) {
        return Math.abs(n % 510 - 255);
    }

    private static int pattern(int t, int y, int x, int c) {
        return triangle(3 * x + 2 * y + 20 * t + 85 * c + x * y / 64);
    }

    private static int grey(int t, int y, int x) {
        return triangle(3 * x + 2 * y + 20 * t + x * y / 64);
    }

    private static int noisy(int value, int t, int y, int x, int c) {
        long hash = (x * 31L + y * 17L + t * 7L + c * 3L) * 2654435761L & 0xFFFFFFFFL;
        return Math.clamp(value + (hash >> 27) - 16, 0, 255);
    }

    private static List<Filtered> filtered(Video video) throws IOException {
        List<Filtered> all = new ArrayList<>();
        try (PixelFrame pixels = new PixelFrame(HEIGHT, WIDTH);
                FilterChain filters = new FilterChain(HEIGHT, WIDTH)) {
            for (int i = 0; i < FRAMES; i++) {
                pixels.renew();
                pixels.fill(video.frame(i), HEIGHT, WIDTH);
                all.add(filters.measure(pixels));
            }
        }
        return all;
    }

    private static double golden(String name, int index) {
        return expected.path(name).path(index).doubleValue();
    }

    @Test
    void likenessIsThatOfOthers() {
        try (Video one = video(MeasureGoldenTest::pattern);
                Video other = video((t, y, x, c) -> noisy(pattern(t, y, x, c), t, y, x, c))) {
            VideoSimilarity similarity = VideoSimilarity.of(one, other);
            for (int i = 0; i < FRAMES; i++) {
                VideoSimilarity.Frame frame = similarity.frames().get(i);
                assertThat(frame.psnr()).isCloseTo(golden("psnr", i), within(1e-9));
                assertThat(frame.ssim()).isCloseTo(golden("ssim", i), within(1e-9));
                assertThat(frame.msSsim().orElseThrow()).isCloseTo(golden("ms_ssim", i), within(1e-9));
            }
            assertThat(similarity.psnr()).isCloseTo(expected.path("psnr_all").doubleValue(), within(1e-9));
        }
    }

    @Test
    void flickeringIsThatOfVBench() {
        try (Video video = video(MeasureGoldenTest::pattern)) {
            PictureSums sums = new PictureSums(HEIGHT, WIDTH);
            for (int i = 0; i < FRAMES; i++) {
                sums.add(video.frame(i), video.frame(Math.max(0, i - 1)));
            }
            assertThat((255 - sums.check().motion()) / 255)
                    .isCloseTo(expected.path("flickering").doubleValue(), within(1e-6));
        }
    }

    /// VBench decodes with OpenCV, whose conversion to RGB rounds in another way.
    @Test
    void flickeringOfAFileIsThatOfVBench() throws IOException {
        VideoMeasurement measurement = new VideoMeasurement(Resources.golden("score/pattern.mp4"), Optional.empty());
        assertThat(measurement.measure(JobControl.none()).temporalFlickering().orElseThrow())
                .isCloseTo(expected.path("file_flickering").doubleValue(), within(5e-4));
    }

    /// FFmpeg gives two decimals.
    @Test
    void spatialAndTemporalInformationAreThoseOfTheStandard() throws IOException {
        try (Video video = video((t, y, x, _) -> grey(t, y, x))) {
            List<Filtered> frames = filtered(video);
            for (int i = 0; i < FRAMES; i++) {
                assertThat(frames.get(i).luma()).isCloseTo(golden("luma_grey", i), within(1e-3));
                assertThat(frames.get(i).spatial()).isCloseTo(golden("spatial_information", i), within(0.006));
                if (i > 0) {
                    assertThat(frames.get(i).temporal())
                            .isCloseTo(golden("temporal_information", i - 1), within(0.006));
                }
            }
        }
    }

    /// Y', Cb and Cr are rounded to 8 bits before they are measured.
    @Test
    void lumaAndSaturationAreThoseOfBt709() throws IOException {
        try (Video video = video(MeasureGoldenTest::pattern)) {
            List<Filtered> frames = filtered(video);
            for (int i = 0; i < FRAMES; i++) {
                assertThat(frames.get(i).luma()).isCloseTo(golden("luma", i), within(0.5));
                assertThat(frames.get(i).saturation()).isCloseTo(golden("saturation", i), within(0.75));
            }
        }
    }
}
