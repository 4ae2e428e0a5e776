package io.github.cogvideo4j.cli;

import static io.github.cogvideo4j.cli.Run.done;
import static io.github.cogvideo4j.cli.SampleGeneration.BASE;
import static io.github.cogvideo4j.cli.SampleGeneration.PROMPT;
import static io.github.cogvideo4j.cli.SampleGeneration.generate;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `vae` and `invert`: from videos to latents and back.
class LatentsCommandsTest {
    @TempDir
    private Path folder;

    /// The same latents in both kinds of file, so the same video.
    @Test
    void theAutoencoderGoesBothWays() throws IOException {
        Path input = folder.resolve("input.gif");
        done(generate(BASE, "bf16", input));
        Path coded = folder.resolve("coded");
        Path torch = folder.resolve("torch");
        List<String> encode = List.of("encode", "--video_path", input.toString());
        done(vae(encode, "--output_path", coded.toString()));
        done(vae(encode, "--encoded_path", torch.resolve("encoded.pt").toString()));
        for (Path latents : List.of(coded.resolve("encoded.safetensors"), torch.resolve("encoded.pt"))) {
            String output = latents.resolveSibling("").toString();
            done(vae(List.of("--mode", "decode"), "--encoded_path", latents.toString(), "--output_path", output));
        }
        assertThat(torch.resolve("output.mp4")).hasSameBinaryContentAs(coded.resolve("output.mp4"));
        try (Video decoded = Video.read(coded.resolve("output.mp4"))) {
            assertThat(decoded.frames()).isEqualTo(9);
            assertThat(decoded.width()).isEqualTo(80);
        }
    }

    @Test
    void whatHoldsNoLatentsIsNotDecoded() {
        Path stateDict = Resources.fixture("torch-zoo/input/zoo.pt");
        Run run = vae(
                List.of("decode", "--encoded_path", stateDict.toString()),
                "--output_path",
                folder.resolve("out").toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err())
                .contains("zoo.pt", "something other than one tensor", "[video]")
                .doesNotContain("\tat ");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    private static Run vae(List<String> words, String... more) {
        List<String> all = new ArrayList<>(List.of("vae"));
        all.addAll(words);
        all.addAll(List.of("--model_path", BASE.toString()));
        all.addAll(List.of(more));
        return Run.of(all.toArray(String[]::new));
    }

    @Test
    void aVideoIsInvertedAndMadeAgain() throws IOException {
        Path input = folder.resolve("input.gif");
        done(generate(BASE, "bf16", input));
        Path inverted = folder.resolve("inverted");
        done(Run.of(
                "invert",
                "--model_path",
                Resources.golden("pipelines/t2v-5b").toString(),
                "--prompt",
                PROMPT,
                "--video_path",
                input.toString(),
                "--output_path",
                inverted.toString(),
                "--num_inference_steps",
                "2",
                "--skip_frames_start",
                "1",
                "--max_num_frames",
                "7",
                "--width",
                "48",
                "--height",
                "32"));
        try (Video again = Video.read(inverted.resolve("input_reconstruction.mp4"));
                Video noise = Video.read(inverted.resolve("input_inversion.mp4"))) {
            // Of 8 frames 5 are taken, 2 latent frames; of an even number each is decoded to 4.
            assertThat(List.of(again.frames(), again.width(), again.height())).isEqualTo(List.of(8, 48, 32));
            assertThat(noise.frames()).isEqualTo(8);
        }
        // bf16, steps x 1 x frames x channels x height x width
        assertThat(WrittenTensors.raw(inverted.resolve("input_latents.safetensors"))
                        .get("inverse_latents")
                        .bytes())
                .hasSize(2 * 2 * 2 * 16 * 4 * 6);
    }
}
