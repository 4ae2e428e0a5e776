package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The main job as a user types it.
class ConvertCommandTest {
    private static final String SAMPLE =
            Resources.fixture("sample-t2v-2b/output/checkpoint-3").toString();
    private static final String BASE = Resources.golden("pipelines/t2v-2b").toString();

    @TempDir
    Path folder;

    @Test
    void theResultIsProvenEqualToItsCheckpoint() throws IOException {
        String model = folder.resolve("model").toString();
        assertThat(Run.of("convert", SAMPLE, model, "--base", BASE).exit()).isEqualTo(ExitCode.DONE);
        assertThat(Run.of("verify", model).exit()).isEqualTo(ExitCode.DONE);
        assertThat(Run.of("verify", model, "--against", SAMPLE).exit()).isEqualTo(ExitCode.DONE);

        Path weights = folder.resolve("model/transformer/diffusion_pytorch_model.safetensors");
        try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
            file.seek(file.length() - 1);
            file.write(0x7F);
        }
        Run damaged = Run.of("verify", model, "--against", SAMPLE);
        assertThat(damaged.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(damaged.out()).contains("[different]");
        assertThat(Run.of("verify", model).exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
    }

    /// The command line of CogVideo's own converter, pasted.
    @Test
    void theOldScriptsCommandLineWorksUnchanged() {
        Run run = Run.of(
                "convert",
                SAMPLE,
                folder.resolve("model").toString(),
                "--safe_serialization",
                "--max_shard_size",
                "50KB",
                "-t",
                "pytorch_model",
                "--base",
                BASE,
                "--dtype",
                "bfloat16");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(folder.resolve("model/transformer/diffusion_pytorch_model-00004-of-00004.safetensors"))
                .hasSameBinaryContentAs(Resources.fixture(
                        "sample-t2v-2b/reference/bf16-safe-50KB/diffusion_pytorch_model-00004-of-00004.safetensors"));
    }

    @Test
    void aDryRunTellsEverythingAndWritesNothing() throws IOException {
        Run run = Run.of("convert", SAMPLE, folder.resolve("model").toString(), "--base", BASE, "--dry-run", "--json");
        assertThat(run.exit()).isEqualTo(ExitCode.DONE);
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
        JsonNode result = JsonMapper.shared().readTree(run.out()).get("result");
        assertThat(result.get("tensors")).hasSize(64);
        assertThat(result.get("disk_bytes").longValue()).isPositive();
        long planned = 0;
        for (JsonNode tensor : result.get("tensors")) {
            for (JsonNode part : tensor.get("from")) {
                planned += part.get("bytes").longValue();
            }
        }
        // The fixture's case.json: 75616 elements, each 4 bytes in the master copy.
        assertThat(planned).isEqualTo(75_616L * 4);
    }

    @Test
    void anExistingFolderIsKeptUnlessItIsOursAndToBeReplaced() throws IOException {
        String model = folder.resolve("model").toString();
        assertThat(Run.of("convert", SAMPLE, model).exit()).isEqualTo(ExitCode.DONE);
        Map<String, String> first = Resources.snapshot(folder.resolve("model"));
        Run again = Run.of("convert", SAMPLE, model, "--dtype", "fp32");
        assertThat(again.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(again.err()).contains("--overwrite");
        assertThat(Resources.snapshot(folder.resolve("model"))).isEqualTo(first);
        assertThat(Run.of("convert", SAMPLE, model, "--dtype", "fp32", "--overwrite")
                        .exit())
                .isEqualTo(ExitCode.DONE);
        assertThat(Resources.snapshot(folder.resolve("model"))).isNotEqualTo(first);
    }

    @Test
    void whatWasLeftOutOnPurposeIsNotMissed() {
        String frozen =
                Resources.fixture("zero2-frozen-bf16-w2/output/checkpoint-3").toString();
        String base = Resources.fixture("zero2-frozen-bf16-w2/base").toString();
        String model = folder.resolve("model").toString();
        assertThat(Run.of("convert", frozen, model, "--base", base, "--exclude-frozen-parameters")
                        .exit())
                .isEqualTo(ExitCode.DONE);
        assertThat(Run.of("verify", model, "--against", frozen).exit()).isEqualTo(ExitCode.DONE);
    }

    @ParameterizedTest
    @CsvSource({
        "fixtures/universal-zero2-bf16-w2/input",
        "fixtures/universal-zero3-bf16-w2/input",
        "fixtures/dcp-fsdp-w2/output",
        "fixtures/dcp-fsdp-bf16-w2/output/checkpoint-2",
        "golden/pipelines/t2v-2b/vae",
        "golden/pipelines/t2v-2b/text_encoder"
    })
    void whateverTheSourceTheResultVerifiesAndEqualsIt(String path) {
        String source = Resources.fixture("../" + path).toString();
        String model = folder.resolve("model").toString();
        Run dryRun = Run.of("convert", source, model, "--dry-run");
        assertThat(dryRun.exit()).as(dryRun.err()).isEqualTo(ExitCode.DONE);
        assertThat(folder.resolve("model")).doesNotExist();
        Run run = Run.of("convert", source, model, "--format", "both", "--max-shard-size", "60KB", "--verify");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        Run intact = Run.of("verify", model);
        assertThat(intact.exit()).as(intact.out() + intact.err()).isEqualTo(ExitCode.DONE);
        assertThat(Run.of("verify", model, "--against", source).exit()).isEqualTo(ExitCode.DONE);
    }

    @Test
    void anAutoencoderIsNotWrittenAsATransformer() {
        String vae = Resources.golden("pipelines/t2v-2b/vae").toString();
        Run run = Run.of("convert", vae, folder.resolve("model").toString(), "--component", "transformer");
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("[wrong-component]").contains("--component vae");
        assertThat(folder.resolve("model")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "--component, ../unet",
        "--max-shard-size, 5GiB",
        "--dtype, int8",
        "--format, onnx",
        "--link, teleport",
        "--variant, ../x",
        "--threads, 0",
        "--nonsense, 1"
    })
    void aWrongOptionIsAUsageErrorInOneLine(String option, String value) {
        Run run = Run.of("convert", SAMPLE, folder.resolve("model").toString(), option, value);
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err().lines().filter(line -> line.startsWith("error:"))).hasSize(1);
    }

    @Test
    void theSameErrorIsSaidInChinese() {
        Run run = Run.of("convert", folder.toString(), folder.resolve("model").toString(), "--lang", "zh");
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("[not-a-checkpoint]").contains("检查点");
    }

    /// What a training calls its own buffers is written, as the reference writes it; what the program wrote itself it
    /// does not find wrong afterwards.
    @ParameterizedTest
    @CsvSource({
        "zero2-tied-buffers-bf16-w2, --base",
        "zero2-tied-buffers-bf16-w2, ''",
        "zero3-tied-buffers-bf16-w2, --base",
        "zero3-tied-buffers-bf16-w2, ''"
    })
    void theTrainingsOwnBuffersAreToldAndNotFoundWrongAfterwards(String fixture, String base) {
        Path home = Resources.fixture(fixture);
        Path output = folder.resolve("with-buffers");
        List<String> words =
                new ArrayList<>(List.of("convert", home.resolve("output").toString(), output.toString()));
        if (!base.isEmpty()) {
            words.addAll(List.of(base, home.resolve("base").toString()));
        }
        Run converted = Run.of(words.toArray(String[]::new));
        assertThat(converted.exit()).as(converted.err()).isEqualTo(ExitCode.DONE);
        assertThat(converted.err()).contains("[extra-tensor]", "extra_scale", "inference ignores them");
        for (Run run : List.of(
                Run.of("verify", output.toString()),
                Run.of(
                        "verify",
                        output.toString(),
                        "--against",
                        home.resolve("output").toString()),
                Run.of("doctor", output.toString()),
                Run.of("doctor", output.resolve("transformer").toString()))) {
            assertThat(run.exit()).as(run.out() + run.err()).isEqualTo(ExitCode.DONE);
            assertThat(run.out() + run.err())
                    .contains("[extra-tensor]", "extra_scale", "inference ignores them")
                    .doesNotContain("use the configuration");
        }
    }
}
