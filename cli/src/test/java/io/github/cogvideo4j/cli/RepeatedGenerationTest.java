package io.github.cogvideo4j.cli;

import static io.github.cogvideo4j.cli.Run.done;
import static io.github.cogvideo4j.cli.SampleGeneration.BASE;
import static io.github.cogvideo4j.cli.SampleGeneration.PROMPT;
import static io.github.cogvideo4j.cli.SampleGeneration.generate;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Seeds and records: what was made once is made again, to the byte.
class RepeatedGenerationTest {
    @TempDir
    private Path folder;

    @Test
    void severalVideosHaveTheNextSeedsAndEachCanBeRepeated() throws IOException {
        Path video = folder.resolve("video.gif");
        done(generate(BASE, "bf16", video, "--num-videos-per-prompt", "2", "--contact-sheet"));
        Path second = folder.resolve("video-2.gif");
        Path again = folder.resolve("again.gif");
        done(Run.of("generate", "--repeat", second + ".json", "--output-path", again.toString()));
        assertThat(again).hasSameBinaryContentAs(second);
        assertThat(folder.resolve("video-2.gif.json")).content().contains("\"seed\": 43");
        assertThat(folder.resolve("video-1.gif.contact-sheet.png")).isNotEmptyFile();
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> String.valueOf(file.getFileName()))).noneMatch(name -> name.startsWith("."));
        }
    }

    /// A drawn seed is told before anything is computed, and the number that was told gives the same video.
    @Test
    void aDrawnSeedIsToldAndRepeatable() throws IOException {
        Path video = folder.resolve("video.safetensors");
        Run drawn = generate(BASE, "bf16", video, "--seed", "random");
        done(drawn);
        Matcher told = Pattern.compile("--seed (\\d+)").matcher(drawn.err());
        assertThat(told.find()).as(drawn.err()).isTrue();
        assertThat(drawn.out() + drawn.err()).contains("seed " + told.group(1));
        assertThat(folder.resolve("video.safetensors.json")).content().contains("\"seed\": " + told.group(1));
        Path again = folder.resolve("again.safetensors");
        done(generate(BASE, "bf16", again, "--seed", told.group(1)));
        assertThat(again).hasSameBinaryContentAs(video);
    }

    /// What earlier versions wrote beside a video makes the same video again; what is on the command line
    /// goes first.
    @Test
    void aRecordOfFormatOneIsRepeated() throws IOException {
        Path video = folder.resolve("video.gif");
        done(generate(BASE, "bf16", video, "--seed", "7"));
        Path old = Files.writeString(
                folder.resolve("old.json"),
                "{\"format\": 1, \"options\": {\"model\": [\"" + BASE + "\"], \"prompt\": [\"" + PROMPT
                        + "\"], \"generate-type\": [\"t2v\"], \"dtype\": [\"bf16\"], \"height\": [\"48\"],"
                        + " \"width\": [\"80\"], \"num-frames\": [\"9\"], \"num-inference-steps\": [\"5\"],"
                        + " \"scheduler\": [\"CogVideoXDDIMScheduler\"], \"seed\": [\"1\"]}}");
        Path again = folder.resolve("again.gif");
        done(Run.of("generate", "--repeat", old.toString(), "--seed", "7", "--output-path", again.toString()));
        assertThat(again).hasSameBinaryContentAs(video);
    }

    /// The record holds the windows with their defaults; what is given beside it wins.
    @Test
    void aLongVideoIsRepeated() throws IOException {
        Path video = folder.resolve("video.safetensors");
        done(Run.of(
                "generate",
                "--model=" + BASE,
                "--prompt=a lighthouse",
                "--output-path=" + video,
                "--height=32",
                "--width=48",
                "--num-frames=17",
                "--num-inference-steps=2",
                "--windows=uniform_standard",
                "--window-size=8",
                "--window-blend=fade",
                "--freenoise=false"));
        assertThat(folder.resolve("video.safetensors.json"))
                .content()
                .contains("\"schedule\": \"uniform\"", "\"overlap\": 4", "\"freenoise\": false", "\"fade\"");
        String record = video + ".json";
        Path again = folder.resolve("again.safetensors");
        done(Run.of("generate", "--repeat", record, "--output-path", again.toString()));
        assertThat(again).hasSameBinaryContentAs(video);
        Path other = folder.resolve("other.safetensors");
        done(Run.of("generate", "--repeat", record, "--window-size", "12", "--output-path", other.toString()));
        assertThat(Files.mismatch(video, other)).isNotNegative();
        Run plan = Run.of("generate", "--repeat", record, "--windows", "static", "--dry-run", "--json");
        assertThat(plan.out()).contains("\"at_first_step\": 4", "\"predictions\": 8");
    }

    /// The source's frames stay as they are, the clips follow; the record names the source by its hash and
    /// makes the same again. A clip is what its last frame and its seed make by themselves.
    @Test
    void aVideoIsContinued() throws IOException {
        Path source = folder.resolve("source.gif");
        try (Video video = Video.allocate(5, 48, 80, 8)) {
            for (int i = 0; i < 5; i++) {
                video.frame(i).fill((byte) (40 * i));
            }
            video.save(source);
        }
        Path image = Files.createDirectory(folder.resolve("images")).resolve("last.png");
        try (Video read = Video.read(source);
                Image last = read.image(4)) {
            last.savePng(image);
        }
        String model = "--model=" + Resources.golden("pipelines/i2v-5b");
        List<String> common =
                List.of(model, "--prompt=a lighthouse", "--dtype=fp32", "--num-frames=9", "--num-inference-steps=2");
        Path longer = folder.resolve("longer.safetensors");
        done(clips(common, "--extend=" + source, "--extend_clips=2", "--output-path=" + longer));
        ByteBuffer whole =
                ByteBuffer.wrap(WrittenTensors.raw(longer).get("frames").bytes());
        int frame = 48 * 80 * 3;
        assertThat(whole.remaining()).isEqualTo((5 + 8 + 8) * frame);
        Path alone = folder.resolve("alone.safetensors");
        done(clips(common, "--image-or-video-path=" + image, "--output-path=" + alone));
        assertThat(whole.slice(5 * frame, 8 * frame))
                .isEqualTo(
                        ByteBuffer.wrap(WrittenTensors.raw(alone).get("frames").bytes())
                                .slice(frame, 8 * frame));
        String record = Files.readString(Path.of(longer + ".json"));
        assertThat(record).contains("\"clips\": 2", "source.gif", "\"input_sha256\"");
        Path again = folder.resolve("again.safetensors");
        done(Run.of("generate", "--repeat", longer + ".json", "--output-path", again.toString()));
        assertThat(again).hasSameBinaryContentAs(longer);
        Run plan = clips(common, "--extend=" + source, "--extend-clips=3", "--dry-run");
        assertThat(plan.out()).contains("29");
        done(plan);
    }

    private static Run clips(List<String> common, String... more) {
        return Run.of(Stream.of(List.of("generate"), common, List.of(more))
                .flatMap(List::stream)
                .toArray(String[]::new));
    }
}
