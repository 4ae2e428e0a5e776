package io.github.cogvideo4j.inference.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.quality.VideoScore.Frame;
import io.github.cogvideo4j.inference.quality.VideoScore.Measure;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoCheck;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is measured of video files whose contents are known.
class ScoreRequestTest {
    private static final int HEIGHT = 48;
    private static final int WIDTH = 64;

    @TempDir
    private Path folder;

    /// A frame: how far its stripes have moved, and how bright they are; nothing moved is black.
    private record Scene(int shift, int bright) {}

    private static final Scene BLACK = new Scene(0, 0);

    private static Video video(List<Scene> scenes, int height, int width) {
        Video video = Video.allocate(scenes.size(), height, width, 8);
        for (int t = 0; t < scenes.size(); t++) {
            Scene scene = scenes.get(t);
            for (int i = 0; i < height * width; i++) {
                int wave = Math.abs((i % width + i / width + scene.shift) % 32 - 16);
                for (int c = 0; c < Video.CHANNELS; c++) {
                    int value = scene.bright == 0 ? 0 : Math.min(255, scene.bright + 4 * wave + 10 * c);
                    video.frame(t).set(ValueLayout.JAVA_BYTE, (long) i * Video.CHANNELS + c, (byte) value);
                }
            }
        }
        return video;
    }

    private Path save(String name, List<Scene> scenes) throws IOException {
        Path file = folder.resolve(name);
        try (Video video = video(scenes, HEIGHT, WIDTH)) {
            video.save(file);
        }
        return file;
    }

    private static List<Scene> moving(int frames, int step) {
        List<Scene> scenes = new ArrayList<>();
        for (int i = 0; i < frames; i++) {
            scenes.add(new Scene(i * step, 90));
        }
        return scenes;
    }

    private static ScoreReport run(ScoreRequest request) throws IOException {
        return request.plan(JobControl.none()).run(JobControl.none());
    }

    private static VideoScore score(Path file) throws IOException {
        return run(ScoreRequest.of(file)).videos().getFirst();
    }

    @Test
    void aMovingPictureIsSoundAndFullyMeasured() throws IOException {
        VideoScore score = score(save("moving.mp4", moving(9, 3)));
        assertThat(score.check().symptoms()).isEmpty();
        assertThat(score.frames()).hasSize(9);
        assertThat(score.blackFrames() + score.frozenFrames() + score.repeatedFrames())
                .isZero();
        assertThat(score.measures())
                .containsExactly(
                        Measure.LUMA,
                        Measure.SATURATION,
                        Measure.CLIPPED,
                        Measure.BLUR,
                        Measure.SPATIAL_INFORMATION,
                        Measure.TEMPORAL_INFORMATION,
                        Measure.MOTION,
                        Measure.CHANGE);
        assertThat(score.temporalFlickering().orElseThrow()).isBetween(0.9, 0.999);
        assertThat(score.firstFrame().orElseThrow().burnt()).isFalse();
    }

    /// The second half stands still between two black frames.
    @Test
    void blackFrozenAndRepeatedFramesAreFound() throws IOException {
        List<Scene> scenes = new ArrayList<>(moving(4, 3));
        scenes.add(BLACK);
        scenes.addAll(moving(5, 0));
        scenes.add(BLACK);
        // a GIF says of a frame that nothing of it changed: what is decoded repeats to the bit
        VideoScore score = score(save("mixed.gif", scenes));
        assertThat(score.frames().stream().map(Frame::black).toList())
                .containsExactly(false, false, false, false, true, false, false, false, false, false, true);
        assertThat(score.frames().stream().map(Frame::frozen).toList())
                .containsExactly(false, false, false, false, false, false, true, true, true, true, false);
        assertThat(score.repeatedFrames()).isEqualTo(4);
        assertThat(score.longestFreeze()).isEqualTo(4);
    }

    @Test
    void theVerdictIsThatOfTrials() throws IOException {
        Path file = save("still.mp4", moving(9, 0));
        VideoScore score = score(file);
        assertThat(score.check().symptoms()).containsExactly(VideoSymptom.FROZEN);
        try (Video video = Video.read(file)) {
            assertThat(score.check()).isEqualTo(VideoCheck.of(video));
        }
        assertThat(score(save("black.mp4", List.of(BLACK, BLACK))).check().symptoms())
                .isEqualTo(Set.of(VideoSymptom.BLACK));
    }

    @Test
    void aBurntFirstFrameIsFound() throws IOException {
        List<Scene> scenes = new ArrayList<>(moving(9, 3));
        scenes.set(0, new Scene(0, 220));
        VideoScore score = score(save("burnt.mp4", scenes));
        assertThat(score.firstFrame().orElseThrow().burnt()).isTrue();
        // the others are as they were
        scenes.set(0, new Scene(0, 90));
        scenes.set(4, new Scene(12, 220));
        assertThat(score(save("later.mp4", scenes)).firstFrame().orElseThrow().burnt())
                .isFalse();
    }

    @Test
    void lessSharpIsALargerEdgeAndLessDetail() throws IOException {
        Path sharp = folder.resolve("sharp.gif");
        Path soft = folder.resolve("soft.gif");
        try (Video video = Video.allocate(2, HEIGHT, WIDTH, 8);
                Video blurred = Video.allocate(2, HEIGHT, WIDTH, 8)) {
            for (long i = 0; i < video.pixels().byteSize(); i++) {
                long x = i / Video.CHANNELS % WIDTH;
                int bar = x % 32 < 16 ? 40 : 200;
                long ramp = Math.clamp(40 + Math.abs(x % 32 - 16) * 10, 40, 200);
                video.pixels().set(ValueLayout.JAVA_BYTE, i, (byte) bar);
                blurred.pixels().set(ValueLayout.JAVA_BYTE, i, (byte) ramp);
            }
            video.save(sharp);
            blurred.save(soft);
        }
        VideoScore one = score(sharp);
        VideoScore other = score(soft);
        assertThat(other.of(Measure.BLUR).orElseThrow().getAverage())
                .isGreaterThan(one.of(Measure.BLUR).orElseThrow().getAverage());
        assertThat(other.of(Measure.SPATIAL_INFORMATION).orElseThrow().getAverage())
                .isLessThan(one.of(Measure.SPATIAL_INFORMATION).orElseThrow().getAverage());
    }

    @Test
    void oneFrameHasNoNumbersThatNeedTwo() throws IOException {
        ScoreReport report = run(ScoreRequest.of(save("one.gif", moving(1, 0))));
        VideoScore score = report.videos().getFirst();
        assertThat(score.temporalFlickering()).isEmpty();
        assertThat(score.firstFrame()).isEmpty();
        assertThat(score.measures()).doesNotContain(Measure.MOTION, Measure.CHANGE, Measure.TEMPORAL_INFORMATION);
        assertThat(report.json().toString() + report.csv() + report.page(Locale.ENGLISH))
                .doesNotContainIgnoringCase("nan")
                .doesNotContain("Infinity");
    }

    @ParameterizedTest
    @ValueSource(strings = {"flat.gif", "flat.mp4"})
    void whatHasNoEdgesHasNoNaN(String name) throws IOException {
        Path file = folder.resolve(name);
        try (Video video = Video.allocate(3, HEIGHT, WIDTH, 8)) {
            video.pixels().fill((byte) 120);
            video.save(file);
        }
        ScoreReport report = run(ScoreRequest.of(file).withAgainst(file));
        assertThat(report.videos().getFirst().of(Measure.BLUR)).isEmpty();
        assertThat(report.json().toString() + report.csv() + report.page(Locale.ENGLISH))
                .doesNotContain("NaN")
                .doesNotContain("Infinity");
    }

    @Test
    void aVideoEqualsItself() throws IOException {
        Path file = save("same.mp4", moving(5, 3));
        ScoreReport report = run(ScoreRequest.of(file).withAgainst(file));
        VideoScore.Likeness like = report.videos().getFirst().likeness().orElseThrow();
        assertThat(like.psnr()).isInfinite();
        assertThat(like.ssim()).isCloseTo(1, within(1e-12));
        assertThat(like.msSsim()).isEmpty();
        assertThat(report.json().at("/videos/0/against/equal").booleanValue()).isTrue();
        assertThat(report.json().at("/videos/0/against/psnr").isNull()).isTrue();
        assertThat(report.csv().lines().toList().get(1)).contains(",inf,1.0");
    }

    @Test
    void theSameVideoHasTheSameReports() throws IOException {
        ScoreRequest request = ScoreRequest.of(save("again.mp4", moving(12, 5)));
        ScoreReport one = run(request);
        ScoreReport other = run(request);
        assertThat(other.json()).isEqualTo(one.json());
        assertThat(other.csv()).isEqualTo(one.csv());
        assertThat(other.page(Locale.CHINESE)).isEqualTo(one.page(Locale.CHINESE));
    }

    @Test
    void ofAFolderItsVideosAreMeantByName() throws IOException {
        save("b.mp4", moving(3, 3));
        save("a.gif", moving(3, 3));
        Files.writeString(folder.resolve("notes.txt"), "no video");
        Path references = Files.createDirectory(folder.resolve("references"));
        Files.copy(folder.resolve("a.gif"), references.resolve("a.gif"));
        assertThat(run(ScoreRequest.of(folder)).videos())
                .extracting(score -> String.valueOf(score.file().getFileName()))
                .containsExactly("a.gif", "b.mp4");
        assertThatRefused(ScoreRequest.of(folder).withAgainst(references), "b.mp4");
        Files.delete(folder.resolve("b.mp4"));
        assertThat(run(ScoreRequest.of(folder).withAgainst(references)).videos())
                .singleElement()
                .matches(score ->
                        Double.isInfinite(score.likeness().orElseThrow().psnr()));
    }

    @Test
    void whatCannotBeMeasuredIsRefused() throws IOException {
        Path video = save("video.mp4", moving(5, 3));
        Path shorter = save("shorter.mp4", moving(3, 3));
        Path larger = folder.resolve("larger.mp4");
        try (Video other = video(moving(5, 3), HEIGHT * 2, WIDTH)) {
            other.save(larger);
        }
        assertThatRefused(ScoreRequest.of(video).withAgainst(larger), "64 x 48", "64 x 96");
        assertThatRefused(ScoreRequest.of(video).withAgainst(shorter), "5 frames", "has 3");
        assertThatRefused(ScoreRequest.of(shorter).withAgainst(video), "3 frames", "has 5");
        Path text = Files.writeString(folder.resolve("text.mp4"), "no video");
        assertThatRefused(ScoreRequest.of(text), "opened");
        assertThatRefused(ScoreRequest.of(Files.createDirectory(folder.resolve("empty"))), "no MP4");
        assertThatThrownBy(() -> new ScoreRequest(List.of(), Optional.empty()))
                .isInstanceOf(InvalidRequestException.class);
    }

    private static void assertThatRefused(ScoreRequest request, String... words) {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> run(request))
                .satisfies(e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.VIDEO);
                    assertThat(e.problem().place().toString()
                                    + e.problem().message().text(Locale.ENGLISH))
                            .contains(words);
                });
    }

    @Test
    void everyFrameIsAnEventAndAsksWhetherToStop() throws IOException {
        ScoreRequest request = ScoreRequest.of(save("events.mp4", moving(9, 3)));
        List<JobEvent> events = new ArrayList<>();
        request.plan(JobControl.none()).run(JobControl.of(events::add));
        assertThat(events).filteredOn(JobEvent.Advanced.class::isInstance).hasSize(9);
        Cancellation cancellation = new Cancellation();
        List<JobEvent> seen = new ArrayList<>();
        JobControl stopping = new JobControl(
                event -> {
                    seen.add(event);
                    if (event instanceof JobEvent.Advanced) {
                        cancellation.cancel();
                    }
                },
                cancellation);
        assertThatThrownBy(() -> request.plan(JobControl.none()).run(stopping)).isInstanceOf(CancelledException.class);
        assertThat(seen).filteredOn(JobEvent.Advanced.class::isInstance).hasSize(1);
    }

    @Test
    void aRequestIsWhatItsJsonSays() {
        ScoreRequest request =
                ScoreRequest.of(Path.of("a.mp4"), Path.of("runs")).withAgainst(Path.of("reference"));
        assertThat(ScoreRequest.read(request.toJson())).isEqualTo(request);
        assertThat(ScoreRequest.read(ScoreRequest.of(Path.of("a.mp4")).toJson()))
                .isEqualTo(ScoreRequest.of(Path.of("a.mp4")));
        var unknown = request.toJson();
        unknown.put("colour", "red");
        assertThatThrownBy(() -> ScoreRequest.read(unknown)).isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void thePageIsInTheLanguageAskedForAndNamesAreEscaped() throws IOException {
        Path odd = save("<b>&.gif", moving(3, 3));
        ScoreReport report = run(ScoreRequest.of(odd));
        assertThat(report.page(Locale.ENGLISH))
                .startsWith("<!doctype html>")
                .contains("temporal flickering", "&lt;b&gt;&amp;.gif")
                .doesNotContain("<b>&.gif", "<script", "http://", "https://");
        assertThat(report.page(Locale.CHINESE)).contains("时间闪烁", "lang=\"zh\"");
    }
}
