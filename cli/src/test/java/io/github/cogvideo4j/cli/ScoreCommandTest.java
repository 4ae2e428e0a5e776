package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `cogvideo score`, as someone sees it who has videos.
class ScoreCommandTest {
    @TempDir
    private Path folder;

    private Path moving;
    private Path other;

    @BeforeEach
    void makeVideos() throws IOException {
        moving = save("moving.mp4", 3, 0);
        other = save("other.mp4", 3, 10);
    }

    private Path save(String name, int step, int brighter) throws IOException {
        Path file = folder.resolve(name);
        try (Video video = Video.allocate(5, 48, 64, 8)) {
            for (int t = 0; t < video.frames(); t++) {
                for (int i = 0; i < 48 * 64 * 3; i++) {
                    int wave = Math.abs((i / 3 % 64 + i / 192 + step * t) % 32 - 16);
                    video.frame(t).set(ValueLayout.JAVA_BYTE, i, (byte) (60 + 6 * wave + brighter));
                }
            }
            video.save(file);
        }
        return file;
    }

    private static Run run(Object... arguments) {
        return Run.of(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
    }

    @Test
    void oneVideoIsTold() {
        Run run = run("score", moving);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.out())
                .contains("5 frames of 64 x 48", "temporal flickering", "edge width")
                .doesNotContain("PSNR");
        assertThat(run("score", moving, "--lang", "zh").out()).contains("时间闪烁", "5 帧");
        assertThat(run("score", other, "--against", moving).out()).contains("against " + moving + ": PSNR ");
    }

    @Test
    void severalVideosAreATable() {
        Run run = run("score", folder);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.out().lines().toList()).hasSize(3);
        assertThat(run.out()).contains("flickering", "moving.mp4", "other.mp4");
    }

    @Test
    void whatIsWrongIsAFinding() throws IOException {
        Run run = run("score", moving, save("still.mp4", 0, 0));
        assertThat(run.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(run.out() + run.err()).contains("every frame of the video is the same", "still.mp4");
    }

    @Test
    void filesAreWrittenAndNotReplacedUnasked() throws IOException {
        Path csv = folder.resolve("s.csv");
        Path page = folder.resolve("s.html");
        Run run = run("score", moving, "--csv", csv, "--html", page);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(Files.readAllLines(csv)).hasSize(6).first().asString().startsWith("video,frame,black");
        assertThat(Files.readString(page)).startsWith("<!doctype html>");
        assertThat(run("score", moving, "--csv", csv).exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run("score", moving, "--csv", csv, "--overwrite").exit()).isEqualTo(ExitCode.DONE);
        byte[] before = Files.readAllBytes(other);
        assertThat(run("score", moving, "--csv", other, "--overwrite").exit()).isEqualTo(ExitCode.USAGE);
        assertThat(Files.readAllBytes(other)).isEqualTo(before);
    }

    @Test
    void jsonHasEveryFrame() {
        Run run = run("score", other, "--against", moving, "--json");
        JsonNode video = JsonMapper.shared().readTree(run.out()).at("/result/videos/0");
        assertThat(video.path("frames").intValue()).isEqualTo(5);
        assertThat(video.path("per_frame").size()).isEqualTo(5);
        assertThat(video.at("/per_frame/4/psnr").isNumber()).isTrue();
        assertThat(video.at("/measures/motion/mean").doubleValue()).isPositive();
        assertThat(video.at("/against/ms_ssim").isNull()).isTrue();
    }

    @Test
    void whatIsNoVideoIsOneLine() throws IOException {
        Path text = Files.writeString(folder.resolve("text.mp4"), "no video");
        Run run = run("score", moving, text, "--csv", folder.resolve("s.csv"));
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err().lines().toList()).singleElement().asString().contains("text.mp4");
        assertThat(folder.resolve("s.csv")).doesNotExist();
        assertThat(run("score").exit()).isEqualTo(ExitCode.USAGE);
    }
}
