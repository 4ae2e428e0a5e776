package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Command lines of `generate` that end before a model is loaded.
class GenerateCommandTest {
    private static final String MODEL = Resources.golden("pipelines/t2v-2b").toString();
    private static final String IMAGE =
            Resources.golden("preprocess/tall_33x75_RGB.png").toString();

    @TempDir
    private Path folder;

    @Test
    void whatIsMissingIsSaid() {
        assertUsage(Run.of("generate", "--prompt", "a cat"), "--model");
        assertUsage(Run.of("generate", "--model", MODEL), "--prompt");
        assertUsage(generate("--prompts", "nowhere.txt", "--prompt", "a cat"), "--prompts");
    }

    @Test
    void aKindThatDoesNotGoWithItsInputIsSaid() {
        assertUsage(generate("--prompt", "a cat", "--generate_type", "i2v"), "--image-or-video-path");
        assertUsage(generate("--prompt", "a cat", "--generate-type", "t2v", "--image_or_video_path", IMAGE), "i2v");
        assertUsage(generate("--prompt", "a cat", "--generate-type", "x2v"), "t2v, i2v, v2v");
    }

    @Test
    void numbersOutOfRangeAreUsage() {
        assertUsage(generate("--prompt", "a cat", "--num-videos-per-prompt", "0"), "--num-videos-per-prompt");
        assertUsage(generate("--prompt", "a cat", "--threads", "0"), "--threads");
        assertUsage(generate("--prompt", "a cat", "--lora-scale", "0.7"), "--lora-scale");
        assertUsage(generate("--prompt", "a cat", "--seed", "many"), "random");
        assertUsage(generate("--prompt", "a cat", "--extend-clips", "2"), "--extend");
        assertUsage(generate("--prompt", "a cat", "--extend", "x.mp4", "--extend-clips", "0"), "--extend-clips");
        assertUsage(generate("--prompt", "a cat", "--extend", "x.mp4", "--generate-type", "v2v"), "v2v");
        assertUsage(
                generate("--prompt", "a cat", "--extend", "x.mp4", "--image-or-video-path", IMAGE),
                "--image-or-video-path");
        assertUsage(
                generate("--prompt", "a cat", "--extend", "x.mp4", "--extend-clips", "2", "--preview-every", "1"),
                "previews");
        assertUsage(generate("--prompt", "a cat", "--windows", "square"), "static, uniform, looped");
        assertUsage(generate("--prompt", "a cat", "--window_size", "48"), "--windows");
        assertUsage(generate("--prompt", "a cat", "--windows", "static", "--window-blend", "hard"), "flat, fade");
        assertUsage(generate("--prompt", "a cat", "--windows", "static", "--window-size", "2"), "window_size");
        assertUsage(generate("--prompt", "a cat", "--weights", "fp4"), "fp8");
        assertUsage(generate("--prompt", "a cat", "--cache", "fastest"), "first-block");
        assertUsage(generate("--prompt", "a cat", "--cache", "pab:treshold=1"), "treshold");
        assertUsage(generate("--prompt", "a cat", "--cache", "auto:fast"), "auto:psnr=");
        assertUsage(generate("--prompt", "a cat", "--lora-path", "x", "--lora-scale", "NaN"), "--lora-scale");
        assertUsage(Run.of("vae", "decode", "--model", MODEL, "--encoded-path", "x.pt", "--fps", "NaN"), "--fps");
    }

    /// A cache is looked up for the steps that will be made: those of the record, when none are given.
    @Test
    void aCacheIsLookedUpForTheStepsOfTheRecord() throws IOException {
        Path record = folder.resolve("cat.mp4.json");
        Files.writeString(record, """
                {"format": 2, "request": {"model": "%s", "prompts": [{"text": "a cat"}], "num_inference_steps": 7}}
                """.formatted(MODEL));
        Run repeated = Run.of("generate", "--repeat", record.toString(), "--cache", "auto:psnr=30", "--dry-run");
        assertThat(repeated.err()).contains(" 7 steps");
        Run changed = Run.of(
                "generate",
                "--repeat",
                record.toString(),
                "--cache",
                "auto:psnr=30",
                "--dry-run",
                "--num-inference-steps",
                "9");
        assertThat(changed.err()).contains(" 9 steps");
    }

    @Test
    void choicesThatOnlyACardHasAreRefusedOnTheProcessor() {
        assertUsage(generate("--prompt", "a cat", "--device", "cpu", "--offload", "stream"), "--offload auto");
        assertUsage(generate("--prompt", "a cat", "--device", "cpu", "--attention", "flash"), "--attention auto");
        assertUsage(generate("--prompt", "a cat", "--offload", "some"), "none, model, stream");
        assertUsage(generate("--prompt", "a cat", "--attention", "fast"), "flash, efficient, cudnn, math");
    }

    /// What was chosen for a card stays with it.
    @Test
    void aRecordOfACardCanBeRepeatedOnTheProcessor() throws IOException {
        Path record = folder.resolve("cat.mp4.json");
        Files.writeString(record, """
                {"format": 2, "request": {"model": "%s", "prompts": [{"text": "a cat"}], "device": "cuda:0",
                 "attention": "flash", "cudnn_benchmark": true, "offload": "stream"}}
                """.formatted(MODEL));
        Run.done(Run.of("generate", "--repeat", record.toString(), "--device", "cpu", "--dry-run"));
        assertUsage(
                Run.of(
                        "generate",
                        "--repeat",
                        record.toString(),
                        "--device",
                        "cpu",
                        "--attention",
                        "cudnn",
                        "--dry-run"),
                "--attention auto");
    }

    @Test
    void anEndingThatCannotBeWrittenIsUsage() {
        assertUsage(
                generate(
                        "--prompt",
                        "a cat",
                        "--output-path",
                        folder.resolve("cat.wmv").toString()),
                ".mp4");
    }

    @Test
    void twoResultsInOnePlaceAreUsage() {
        String video = folder.resolve("cat.safetensors").toString();
        String same = folder.resolve("a/../cat.safetensors").toString();
        String record = folder.resolve("cat.safetensors.json").toString();
        assertUsage(generate("--prompt", "a cat", "--output-path", video, "--save-latents", same), "two results");
        assertUsage(generate("--prompt", "a cat", "--output-path", video, "--contact-sheet", same), "two results");
        assertUsage(generate("--prompt", "a cat", "--output-path", video, "--contact-sheet", record), "two results");
    }

    @Test
    void anImageThatIsNotReadIsNamedBeforeAModelIsLoaded() throws IOException {
        Path image = Files.write(folder.resolve("cat.webp"), "RIFF....WEBPVP8 ".getBytes(StandardCharsets.US_ASCII));
        Run run = generate("--prompt", "a cat", "--image-or-video-path", image.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("WebP", "[image]", "cat.webp");
    }

    @Test
    void aResultThatIsThereIsNotReplacedUnasked() throws IOException {
        Path video = Files.writeString(folder.resolve("cat.mp4"), "old");
        Run run = generate("--prompt", "a cat", "--output-path", video.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("--overwrite").contains("[output-refused]");
        assertThat(video).hasContent("old");
    }

    @Test
    void aHostileRecordIsRefused() throws IOException {
        Path record = Files.writeString(
                folder.resolve("hostile.json"),
                "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"output-path\": [\"/tmp/x.mp4\"]}}");
        Run run = Run.of("generate", "--repeat", record.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("output-path").doesNotContain("at io.github");
    }

    @Test
    void aRecordWithAWrongValueIsUsage() throws IOException {
        Path record = Files.writeString(
                folder.resolve("wrong.json"), "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"seed\": [\"x\"]}}");
        Run run = Run.of("generate", "--repeat", record.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("seed", "wrong.json");
    }

    /// A record without a prompt needs one from the command line.
    @Test
    void whatARecordLacksIsSaid() throws IOException {
        Path record = Files.writeString(
                folder.resolve("record.json"),
                "{\"format\": 1, \"options\": {\"model\": [\"" + MODEL + "\"], \"fps\": [\"8\"]}}");
        Run english = Run.of("generate", "--repeat", record.toString());
        Run chinese = Run.of("--lang", "zh", "generate", "--repeat", record.toString());
        for (Run run : List.of(english, chinese)) {
            assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
            assertThat(run.err()).contains("--prompt", "cogvideo generate --help");
        }
    }

    @Test
    void theMachineIsExamined() {
        Run run = Run.of("doctor", "--system", "--model", MODEL, "--device", "cpu", "--json");
        assertThat(run.exit()).isEqualTo(ExitCode.DONE);
        assertThat(run.out()).contains("\"libtorch\"", "\"encoder-mp4\"", "\"memory\"", "\"healthy\": true");
    }

    @Test
    void eachGapOfTheMachineHasItsRemedy() {
        Run run = Run.of("doctor", "--system", "--device", "mps");
        assertThat(run.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(run.out()).contains("✗ device").contains("--device cpu");
    }

    @Test
    void doctorWithoutAFolderSaysWhatItNeeds() {
        assertUsage(Run.of("doctor"), "--system");
        assertUsage(Run.of("doctor", MODEL, "--device", "cpu"), "--system");
    }

    private static Run generate(String... more) {
        String[] words = new String[more.length + 3];
        words[0] = "generate";
        words[1] = "--model_path";
        words[2] = MODEL;
        System.arraycopy(more, 0, words, 3, more.length);
        return Run.of(words);
    }

    private static void assertUsage(Run run, String part) {
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains(part).doesNotContain("at io.github");
    }
}
