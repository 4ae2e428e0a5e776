package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/// `generate` with a control model of CogVideoX-Fun.
class FunControlTest {
    private static final Path PLAIN = Resources.golden("pipelines/t2v-5b");

    @TempDir
    private Path folder;

    private Path model;
    private Path frames;

    @BeforeEach
    void prepare() throws IOException {
        model = Resources.funPipeline("fun-control-5b", folder.resolve("model"));
        frames = folder.resolve("frames");
        try (Video video = moving(9, 24, 40)) {
            video.save(frames);
        }
    }

    /// A white square that moves to the right.
    private static Video moving(int frames, int height, int width) {
        Video video = Video.allocate(frames, height, width, 12);
        for (int frame = 0; frame < frames; frame++) {
            for (int y = height / 4; y < height / 2; y++) {
                for (int x = frame; x < Math.min(width, frame + height / 2); x++) {
                    for (int channel = 0; channel < Video.CHANNELS; channel++) {
                        long place = ((long) y * width + x) * Video.CHANNELS + channel;
                        video.frame(frame).set(ValueLayout.JAVA_BYTE, place, (byte) 255);
                    }
                }
            }
        }
        return video;
    }

    /// From a folder of frames to a video with its record, which makes it again.
    @Test
    void aFolderOfFramesLeadsAVideoThatCanBeRepeated() throws IOException {
        Path video = folder.resolve("video.safetensors");
        Path again = folder.resolve("again.safetensors");
        Run.done(generate(video));
        Run.done(Run.of("generate", "--repeat", video + ".json", "--output-path", again.toString()));
        assertThat(again).hasSameBinaryContentAs(video);
        ObjectNode record = JsonFile.readObject(Path.of(video + ".json"), 1 << 20, ProblemCode.REQUEST);
        assertThat(record.path("request").path("generate_type").stringValue()).isEqualTo("control");
        assertThat(record.path("identity").path("input_sha256").stringValue()).hasSize(64);
        assertThat(record.path("outcome").path("frames").intValue()).isEqualTo(9);
    }

    /// What the control shows matters, and its order too: numbers in names count by their value.
    @Test
    void theOrderOfFramesIsThatOfTheirNumbers() throws IOException {
        Path first = folder.resolve("first.safetensors");
        Path renamed = folder.resolve("renamed.safetensors");
        Path other = folder.resolve("other.safetensors");
        Run.done(generate(first));
        for (int i = 0; i < 9; i++) {
            Files.move(frames.resolve("frame_%05d.png".formatted(i)), frames.resolve("f" + (i + 3) + ".PNG"));
        }
        Run.done(generate(renamed));
        Files.move(frames.resolve("f3.PNG"), frames.resolve("f12.PNG"));
        Run.done(generate(other));
        assertThat(renamed).hasSameBinaryContentAs(first);
        assertThat(Files.mismatch(first, other)).isNotNegative();
    }

    @Test
    void aChangedControlIsToldWhenAVideoIsRepeated() throws IOException {
        Path video = folder.resolve("video.safetensors");
        Run.done(generate(video));
        Files.delete(frames.resolve("frame_00008.png"));
        Files.copy(frames.resolve("frame_00000.png"), frames.resolve("frame_00008.png"));
        Run run = Run.of(
                "generate",
                "--repeat",
                video + ".json",
                "--output-path",
                folder.resolve("x.gif").toString());
        Run.done(run);
        assertThat(run.err()).contains("input_sha256", "[source-changed]");
    }

    /// The rate of the control is that of the result; fewer frames than the control has may be asked for.
    @Test
    void aVideoFileLeadsWithItsRate() throws IOException {
        Path control = folder.resolve("control.mp4");
        try (Video video = moving(13, 48, 80)) {
            video.save(control);
        }
        Run plan = generate(
                folder.resolve("x.mp4"),
                "--control-video",
                control.toString(),
                "--num-frames",
                "9",
                "--dry-run",
                "--json");
        Run.done(plan);
        assertThat(plan.out()).contains("\"frames\": 9", "\"fps\": 12.0", "encode-input");
        Run smoke = generate(folder.resolve("x.mp4"), "--control-video", control.toString(), "--smoke");
        assertThat(smoke.exit()).as(smoke.err()).isIn(ExitCode.DONE, ExitCode.PROBLEMS_FOUND);
    }

    /// The edges are those of FFmpeg's filter, whatever they are made of; here a white square's outline.
    @Test
    void anOrdinaryVideoLeadsByItsEdges() throws IOException {
        Path edges = folder.resolve("edges.safetensors");
        Path again = folder.resolve("again.safetensors");
        Run.done(generate(edges, "--control-canny", frames.toString()));
        Run.done(Run.of("generate", "--repeat", edges + ".json", "--output-path", again.toString()));
        assertThat(again).hasSameBinaryContentAs(edges);
        Path plain = folder.resolve("plain.safetensors");
        Run.done(generate(plain));
        assertThat(Files.mismatch(edges, plain)).isNotNegative();
        Run.usage(generate(folder.resolve("x.mp4"), "--control-canny", "a", "--control-video", "b"), "--control-canny");
    }

    /// diffusers cannot run DPM here; ours computes it, as every sampler, cache and small weight.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "--scheduler dpm",
                "--cache pab --weights int8",
                "--cache tea --weights fp8 --guidance-scale 1",
                "--num-videos-per-prompt 2 --vae-tiling --scheduler Heun"
            })
    void everyWayOfComputingGoesWithControl(String words) {
        Run.done(generate(folder.resolve("video.gif"), words.split(" ")));
    }

    @Test
    void whatDoesNotGoTogetherIsUsage() throws IOException {
        Path image = frames.resolve("frame_00000.png");
        Run.usage(generate(folder.resolve("x.mp4"), "--image-or-video-path", image.toString()), "--control-video");
        Run.usage(generate(folder.resolve("x.mp4"), "--generate-type", "v2v"), "v2v");
        Run.usage(generate(folder.resolve("x.mp4"), "--strength", "0.5"), "--strength");
        Run.refused(generate(folder.resolve("x.mp4"), "--num-frames", "17"), "[video]", "17 frames", "has 9");
        Run.usage(plain("--control-video", image.toString()), "control", image.toString());
        Run.usage(plain("--generate-type", "control"), "--control-video");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        Run.refused(generate(folder.resolve("x.mp4"), "--control-video", empty.toString()), "[video]", "no PNG");
        try (Image small = Image.allocate(8, 8)) {
            small.savePng(frames.resolve("frame_00009.png"));
        }
        Run.refused(generate(folder.resolve("x.mp4")), "[video]", "frame_00009.png", "8 x 8");
    }

    @Test
    void aModelOfAnotherKindIsNamed() throws IOException {
        Run.refused(plain("--control-video", frames.toString()), "[pipeline-class]", "16 input channels", "has 32");
        Run without = Run.of(
                "generate",
                "--model",
                model.toString(),
                "--prompt",
                "x",
                "--output-path",
                folder.resolve("x.mp4").toString());
        Run.refused(without, "[pipeline-class]", "CogVideoXFunControlPipeline", "control video");
        Run image = Run.of(
                "generate",
                "--model",
                Resources.golden("pipelines/i2v-5b").toString(),
                "--prompt",
                "x",
                "--control-video",
                frames.toString(),
                "--output-path",
                folder.resolve("x.mp4").toString());
        Run.refused(image, "[pipeline-class]", "CogVideoXImageToVideoPipeline");
        assertThat(folder.resolve("x.mp4")).doesNotExist();
    }

    private Run generate(Path output, String... more) {
        List<String> words = new ArrayList<>(List.of(
                "generate",
                "--model",
                model.toString(),
                "--prompt",
                "a cat",
                "--height",
                "48",
                "--width",
                "80",
                "--num-inference-steps",
                "2",
                "--output-path",
                output.toString()));
        words.addAll(List.of(more));
        if (!words.contains("--control-video") && !words.contains("--control-canny")) {
            words.addAll(List.of("--control-video", frames.toString()));
        }
        return Run.of(words.toArray(String[]::new));
    }

    private Run plain(String... more) {
        List<String> words = new ArrayList<>(List.of(
                "generate",
                "--model",
                PLAIN.toString(),
                "--prompt",
                "x",
                "--output-path",
                folder.resolve("x.mp4").toString()));
        words.addAll(List.of(more));
        return Run.of(words.toArray(String[]::new));
    }
}
