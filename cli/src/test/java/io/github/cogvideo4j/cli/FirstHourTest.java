package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.cogvideo4j.cli.arguments.VideoOutputArguments;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a newcomer gets wrong is answered with what to do instead.
class FirstHourTest {
    @TempDir
    Path temporary;

    @Test
    void aTrainingCheckpointIsToBeConvertedBeforeItIsVerified() {
        Path checkpoint = Resources.fixture("sample-t2v-2b/output/checkpoint-3");
        Run run = Run.of("verify", checkpoint.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("this is a training checkpoint", "convert it first", "cogvideo convert ");
    }

    @Test
    void aFileIsNoFolderToVerify() throws IOException {
        Path video = Files.createFile(temporary.resolve("video.mp4"));
        assertThat(Run.of("verify", video.toString()).err()).contains("is a file; a folder is needed");
    }

    @Test
    void anAdapterIsVerifiedWithItsBase() {
        Run run = Run.of("verify", model(), "--lora", "adapter");
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("--against BASE");
    }

    @Test
    void aPageMakesTheFolderThatItIsWrittenTo() {
        Path page = temporary.resolve("reports/new/change.html");
        Run run = Run.of("inspect", model(), "--compare", model(), "--html", page.toString());
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(page).exists();
    }

    @Test
    void aLinkIsToldAsItWasTyped() throws IOException {
        Resources.copy(Path.of(model()).resolve("transformer"), temporary.resolve("real/transformer"));
        Path link = Files.createSymbolicLink(temporary.resolve("link"), temporary.resolve("real"));
        Run run = Run.of(
                "convert",
                link.resolve("transformer").toString(),
                link.resolve("transformer/out").toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("the output and " + link.resolve("transformer"), "overlap");
    }

    @Test
    void strengthIsForVideos() {
        Run run = Run.of("generate", "--model", model(), "--prompt", "a lighthouse", "--strength", "0.5", "--dry-run");
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("--strength", "t2v");
    }

    @Test
    void alphaIsAboveZero() {
        Run run = Run.of("lora", "fuse", model(), "adapter", "out", "--lora-alpha", "-1");
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("--lora-alpha cannot be -1; it is a number above 0");
    }

    @Test
    void aVideoIsRepeatedFromItsRecord() throws IOException {
        Path video = Files.createFile(temporary.resolve("video.mp4"));
        Files.createFile(temporary.resolve("video.mp4.json"));
        Run run = Run.of("generate", "--repeat", video.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("give " + video + ".json to --repeat");
    }

    @Test
    void typesMayBeSpelledAsInPython() {
        Run run = Run.of("generate", "--model", model(), "--prompt", "x", "--dtype", "torch.bfloat16", "--dry-run");
        assertThat(run.exit()).isEqualTo(ExitCode.DONE);
        Path checkpoint = Resources.fixture("sample-t2v-2b/output/checkpoint-3");
        String output = temporary.resolve("model").toString();
        assertThat(Run.of("convert", checkpoint.toString(), output, "--dtype", "torch.float16", "--dry-run")
                        .exit())
                .isEqualTo(ExitCode.DONE);
    }

    @Test
    void aTrialHasANameOfItsOwn() {
        VideoOutputArguments arguments = new VideoOutputArguments();
        assertThat(arguments.outputs(true).video()).isEqualTo(Path.of("trial.mp4"));
        assertThat(arguments.outputs(false).video()).isEqualTo(Path.of("output.mp4"));
    }

    @Test
    void aNegativeSeedIsASeed() {
        Run run = Run.of("generate", "--model", model(), "--prompt", "x", "--seed", "-1", "--dry-run");
        assertThat(run.exit()).isEqualTo(ExitCode.DONE);
    }

    @Test
    void helpShowsWhatIsNeededOnce() {
        assertThat(Run.of("lora", "fuse", "--help").out())
                .contains("Usage: cogvideo lora fuse [OPTIONS] BASE ADAPTER... OUTPUT" + System.lineSeparator());
        assertThat(Run.of("demo", "--help").out()).contains("Usage: cogvideo demo [OPTIONS] [OUTPUT]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "generate | --model, --prompt",
                "vae | MODE, --model, --video-path",
                "vae decode | --model, --encoded-path",
                "invert | --model, --prompt, --video-path",
                "convert | CHECKPOINT, OUTPUT",
                "lora fuse | BASE, ADAPTER... OUTPUT",
                "lora extract | BASE, FINETUNED, OUTPUT",
                "lora export | CHECKPOINT, OUTPUT",
                "lora convert | ADAPTER, OUTPUT, --to"
            })
    void everythingThatIsMissingIsNamedAtOnce(String words, String missing) {
        Run run = Run.of(words.split(" "));
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).startsWith("error: missing: " + missing + " [usage]");
    }

    @Test
    void aMissingDeviceIsLookedForByTheHint() {
        assumeThat(Run.of("doctor", "--system", "--device", "cuda").exit()).isNotEqualTo(ExitCode.DONE);
        Run run = Run.of("generate", "--model", model(), "--prompt", "x", "--device", "cuda", "--dry-run");
        assertThat(run.exit()).isEqualTo(ExitCode.ENVIRONMENT);
        assertThat(run.err()).contains("cogvideo doctor --system --device cuda");
    }

    @Test
    void severalDtypesAreNotCalledSource() {
        Path checkpoint = Resources.fixture("sample-t2v-2b/output/checkpoint-3");
        String output = temporary.resolve("model").toString();
        assertThat(Run.of("convert", checkpoint.toString(), output, "--dtype", "source")
                        .out())
                .contains("each in its own dtype")
                .doesNotContain("as source");
    }

    private static String model() {
        return Resources.golden("pipelines/t2v-2b").toString();
    }
}
