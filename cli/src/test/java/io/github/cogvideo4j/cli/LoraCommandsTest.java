package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Adapters as a user handles them.
class LoraCommandsTest {
    private static final String BASE =
            Resources.fixture("lora-alpha-ddp-bf16-w2/base").toString();
    private static final String ADAPTER =
            Resources.fixture("lora-alpha-ddp-bf16-w2/output/checkpoint-3").toString();

    @TempDir
    Path folder;

    @Test
    void aFusedModelIsVerifiedAloneAndAgainstBaseAndAdapter() {
        String model = folder.resolve("model").toString();
        Run fused = Run.of("lora", "fuse", BASE, ADAPTER, model, "--lora_alpha", "16", "--verify");
        assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
        assertThat(fused.err()).doesNotContain("[lora-alpha]");
        assertThat(Run.of("verify", model).exit()).isEqualTo(ExitCode.DONE);
        Run against = Run.of("verify", model, "--against", BASE, "--lora", ADAPTER);
        assertThat(against.exit()).as(against.err()).isEqualTo(ExitCode.DONE);
        Run other = Run.of(
                "verify",
                model,
                "--against",
                BASE,
                "--lora",
                Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3").toString());
        assertThat(other.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        Run without = Run.of("verify", model, "--against", BASE);
        assertThat(without.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(without.err()).contains("--lora", "pytorch_lora_weights.safetensors");
    }

    @Test
    void withoutAlphaItIsSaidAndBothLanguagesSayIt() {
        Run english =
                Run.of("lora", "fuse", BASE, ADAPTER, folder.resolve("a").toString(), "--lora-scale", "0.5", "--json");
        assertThat(english.exit()).as(english.err()).isEqualTo(ExitCode.DONE);
        assertThat(english.err()).contains("--lora-alpha", "[lora-alpha]");
        assertThat(english.out()).contains("\"adapters\"", "\"scale\": 0.5", "\"factor\": 0.5");
        Run chinese = Run.of("lora", "fuse", BASE, ADAPTER, folder.resolve("b").toString(), "--lang", "zh");
        assertThat(chinese.err()).contains("强度", "[lora-alpha]");
    }

    @Test
    void aDryRunShowsWhatIsComputedAndWritesNothing() {
        Path model = folder.resolve("model");
        Run run = Run.of("lora", "fuse", BASE, ADAPTER, ADAPTER, model.toString(), "--lora-scale", "0.25", "--dry-run");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.out()).contains("W + 0.25");
        assertThat(model).doesNotExist();
    }

    @Test
    void scalesAreForAllOrForEach() {
        Run run = Run.of(
                "lora",
                "fuse",
                BASE,
                ADAPTER,
                ADAPTER,
                ADAPTER,
                folder.resolve("model").toString(),
                "--lora-scale",
                "1",
                "--lora-scale",
                "2");
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(Run.of("lora", "fuse", BASE, ADAPTER, "out", "--lora-alpha", "0")
                        .exit())
                .isEqualTo(ExitCode.USAGE);
        assertThat(Run.of("lora", "fuse", BASE, "out").exit()).isEqualTo(ExitCode.USAGE);
        assertThat(Run.of("lora").exit()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void anEmptyAdapterIsRecoveredByTheCommandThatTheErrorNames() throws IOException {
        Path checkpoint = Resources.fixture("lora-zero3-bf16-w2/output/checkpoint-3");
        String base = Resources.fixture("lora-zero3-bf16-w2/base").toString();
        Run refused = Run.of(
                "lora", "fuse", base, checkpoint.toString(), folder.resolve("m").toString());
        assertThat(refused.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(refused.err()).contains("[not-weights]", "cogvideo lora export " + checkpoint);
        Run converted =
                Run.of("convert", checkpoint.toString(), folder.resolve("c").toString());
        assertThat(converted.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(converted.err()).contains("cogvideo lora export");
        assertThat(Run.of(
                                "doctor",
                                checkpoint
                                        .resolve("pytorch_lora_weights.safetensors")
                                        .toString())
                        .out())
                .contains("cogvideo lora export");

        String lora = folder.resolve("lora").toString();
        Run exported = Run.of("lora", "export", checkpoint.toString(), lora, "--lora-alpha", "4");
        assertThat(exported.exit()).as(exported.err()).isEqualTo(ExitCode.DONE);
        Run fused = Run.of("lora", "fuse", base, lora, folder.resolve("m").toString());
        assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
        assertThat(fused.err()).doesNotContain("[lora-alpha]");
    }

    @Test
    void anAdapterIsDescribed() {
        Run run = Run.of("lora", "inspect", ADAPTER);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.out()).contains("rank 4", "attn1.to_out.0", "No alpha is recorded", "[16, 16]");
        assertThat(Run.of("lora", "inspect", ADAPTER, "--json").out())
                .contains("\"records_alpha\": false", "\"norm\"", "\"ranks\"");
    }

    @Test
    void whatWasFusedIsExtractedAgain() throws IOException {
        String model = folder.resolve("model").toString();
        assertThat(Run.of("lora", "fuse", BASE, ADAPTER, model).exit()).isEqualTo(ExitCode.DONE);
        Run run = Run.of("lora", "extract", BASE, model, folder.resolve("lora").toString(), "--rank", "4");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.out()).contains("Extracted 8 layers", "100.00%");
        try (Stream<Path> files = Files.list(folder.resolve("lora"))) {
            assertThat(files).hasSize(1);
        }
        assertThat(Run.of("lora", "extract", BASE, model, "x", "--rank", "0").exit())
                .isEqualTo(ExitCode.USAGE);
    }
}
