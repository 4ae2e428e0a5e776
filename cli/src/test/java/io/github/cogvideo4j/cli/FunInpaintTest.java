package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// `generate` with an inpainting model of CogVideoX-Fun.
class FunInpaintTest {
    @TempDir
    private Path folder;

    private Path model;
    private Path video;
    private Path first;
    private Path last;
    private Path mask;

    @BeforeEach
    void prepare() throws IOException {
        model = Resources.funPipeline("fun-inp-5b", folder.resolve("model"));
        video = folder.resolve("frames");
        try (Video frames = Video.allocate(9, 48, 80, 8)) {
            for (long i = 0; i < frames.pixels().byteSize(); i++) {
                frames.pixels().set(ValueLayout.JAVA_BYTE, i, (byte) (i * 7 / 80));
            }
            frames.save(video);
        }
        first = video.resolve("frame_00000.png");
        last = video.resolve("frame_00008.png");
        mask = folder.resolve("mask.png");
        try (Image half = Image.allocate(24, 40)) {
            for (int y = 0; y < 24; y++) {
                half.row(y).asSlice(20 * 3).fill((byte) 255);
            }
            half.savePng(mask);
        }
    }

    /// The record names all inputs with their hashes, and makes the video again.
    @Test
    void firstAndLastImageAreRecordedAndRepeated() throws IOException {
        Path made = folder.resolve("made.safetensors");
        Path again = folder.resolve("again.safetensors");
        Run.done(generate(made, "--image", first.toString(), "--last-image", last.toString(), "--num-frames", "9"));
        Run.done(Run.of("generate", "--repeat", made + ".json", "--output-path", again.toString()));
        assertThat(again).hasSameBinaryContentAs(made);
        ObjectNode record = JsonFile.readObject(Path.of(made + ".json"), 1 << 20, ProblemCode.REQUEST);
        assertThat(record.path("request")
                        .path("prompts")
                        .path(0)
                        .path("last_image")
                        .stringValue())
                .isEqualTo(last.toString());
        assertThat(record.path("identity").path("last_image_sha256").stringValue())
                .isNotEqualTo(record.path("identity").path("input_sha256").stringValue());
        Path start = folder.resolve("start.safetensors");
        Run.done(generate(start, "--image", first.toString(), "--num-frames", "9"));
        assertThat(Files.mismatch(start, made)).isNotNegative();
    }

    /// A clip is what the model makes of the last frames behind a mask; the tail of the continued video is the clip's,
    /// its beginning the source's, and in between one fades into the other.
    @Test
    void aVideoIsContinuedFromItsLastFrames() throws IOException {
        Path longer = folder.resolve("longer");
        Run.done(generate(longer, "--extend", video.toString(), "--num-frames", "9", "--extend-overlap", "5"));
        Path start = Files.createDirectory(folder.resolve("start"));
        Path masks = Files.createDirectory(folder.resolve("masks"));
        try (Image black = Image.allocate(48, 80);
                Image white = Image.allocate(48, 80)) {
            white.pixels().fill((byte) 255);
            for (int i = 0; i < 9; i++) {
                String name = "frame_0000%d.png".formatted(i);
                Files.copy(video.resolve("frame_0000%d.png".formatted(Math.min(8, i + 4))), start.resolve(name));
                (i < 5 ? black : white).savePng(masks.resolve(name));
            }
        }
        Path clip = folder.resolve("clip");
        Run.done(generate(clip, "--video", start.toString(), "--mask-video", masks.toString()));
        try (Video whole = Video.read(longer);
                Video made = Video.read(clip);
                Video source = Video.read(video)) {
            assertThat(whole.frames()).isEqualTo(13);
            for (int i = 0; i <= 4; i++) {
                assertThat(whole.frame(i).mismatch(source.frame(i)))
                        .as("frame %d", i)
                        .isEqualTo(-1);
            }
            for (int i = 5; i <= 8; i++) {
                double share = (i - 4) / 5.0;
                double expected = (1 - share) * source.value(i, 7, 9, 1) + share * made.value(i - 4, 7, 9, 1);
                assertThat((double) whole.value(i, 7, 9, 1)).isCloseTo(expected, within(0.51));
            }
            for (int i = 9; i < 13; i++) {
                assertThat(whole.frame(i).mismatch(made.frame(i - 4)))
                        .as("frame %d", i)
                        .isEqualTo(-1);
            }
        }
        ObjectNode record = JsonFile.readObject(Path.of(longer + ".json"), 1 << 20, ProblemCode.REQUEST);
        assertThat(record.path("request").path("extend").path("overlap").intValue())
                .isEqualTo(5);
    }

    /// A mask is one image for all frames, or a frame for each; with it the video is made anew from noise.
    @Test
    void aMaskIsAnImageOrAVideo() throws IOException {
        Path made = folder.resolve("made.safetensors");
        Run.done(generate(made, "--video", video.toString(), "--mask-video", mask.toString()));
        ObjectNode record = JsonFile.readObject(Path.of(made + ".json"), 1 << 20, ProblemCode.REQUEST);
        assertThat(record.path("request").path("strength").doubleValue()).isEqualTo(1);
        assertThat(record.path("identity").path("mask_sha256").stringValue()).hasSize(64);
        Path masks = Files.createDirectory(folder.resolve("masks"));
        for (int i = 0; i < 9; i++) {
            Files.copy(mask, masks.resolve(i + ".png"));
        }
        Path same = folder.resolve("same.safetensors");
        Run.done(generate(same, "--video", video.toString(), "--mask-video", masks.toString()));
        assertThat(same).hasSameBinaryContentAs(made);
        Path again = folder.resolve("again.safetensors");
        Run.done(Run.of("generate", "--repeat", made + ".json", "--output-path", again.toString()));
        assertThat(again).hasSameBinaryContentAs(made);
        Files.delete(masks.resolve("8.png"));
        Run.refused(
                generate(folder.resolve("x.mp4"), "--video", video.toString(), "--mask-video", masks.toString()),
                "8 frames");
    }

    /// A white mask keeps nothing, as no mask does, and any strength goes with both.
    @Test
    void aWhiteMaskIsNone() throws IOException {
        try (Image white = Image.allocate(8, 8)) {
            white.pixels().fill((byte) 255);
            white.savePng(folder.resolve("white.png"));
        }
        String path = video.toString();
        Path with = folder.resolve("with.safetensors");
        Path without = folder.resolve("without.safetensors");
        Run.done(generate(with, "--video", path, "--strength", "0.5", "--mask-video", folder + "/white.png"));
        Run.done(generate(without, "--video", path, "--strength", "0.5"));
        assertThat(without).hasSameBinaryContentAs(with);
    }

    /// From text alone, several videos of each, in another size, with a cache and small weights.
    @Test
    void everyWayOfComputingGoesWithIt() {
        Run.done(generate(folder.resolve("a.gif"), "--num-frames", "9", "--num-videos-per-prompt", "2"));
        Run.done(generate(folder.resolve("b.gif"), "--num-frames", "5", "--scheduler", "dpm", "--weights", "int8"));
        String size = "--num-frames 9 --height 32 --width 96 --cache pab --guidance-scale 1 --image ";
        Run.done(generate(folder.resolve("c.gif"), (size + first).split(" ")));
        Run.done(generate(
                folder.resolve("d.gif"), "--video", video.toString(), "--mask-video", mask.toString(), "--dry-run"));
    }

    @Test
    void whatDoesNotGoTogetherIsSaid() {
        Path x = folder.resolve("x.mp4");
        String image = first.toString();
        String frames = video.toString();
        Run.usage(generate(x, "--last-image", image), "--image");
        Run.usage(generate(x, "--mask-video", image), "--video");
        Run.usage(generate(x, "--image", image, "--mask-video", mask.toString()), "--video");
        Run.usage(generate(x, "--video", frames, "--last-image", image), "--image");
        Run.usage(generate(x, "--video", frames, "--image", image), "--video", "--image");
        Run.usage(generate(x, "--video", image), "v2v", image);
        Run.usage(generate(x, "--image", image, "--strength", "0.5"), "--strength");
        Run.refused(generate(x, "--control-video", frames), "33 input channels", "inpainting");
        for (String plain : List.of("t2v-5b", "i2v-5b")) {
            Path other = Resources.golden("pipelines/" + plain);
            Run run = Run.of(
                    "generate",
                    "--model",
                    other.toString(),
                    "--prompt",
                    "x",
                    "--image",
                    image,
                    "--last-image",
                    image,
                    "--output-path",
                    x.toString());
            Run.refused(run, "input channels", "[pipeline-class]");
        }
        Run.refused(
                Run.of(
                        "generate",
                        "--model",
                        Resources.golden("pipelines/t2v-5b").toString(),
                        "--prompt",
                        "x",
                        "--video",
                        frames,
                        "--mask-video",
                        mask.toString(),
                        "--output-path",
                        x.toString()),
                "16 input channels",
                "mask",
                "33");
        assertThat(x).doesNotExist();
    }

    private Run generate(Path output, String... more) {
        List<String> words = new ArrayList<>(List.of(
                "generate",
                "--model",
                model.toString(),
                "--prompt",
                "a cat",
                "--num-inference-steps",
                "2",
                "--output-path",
                output.toString()));
        words.addAll(List.of(more));
        return Run.of(words.toArray(String[]::new));
    }
}
