package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        assertThat(run.out()).contains("rank 4", "attn1.to_out.0", "alpha: unknown", "[16, 16]");
        assertThat(Run.of("lora", "inspect", ADAPTER, "--json").out())
                .contains("\"records_alpha\": false", "\"norm\"", "\"ranks\"");
    }

    @Test
    void whatWasFusedIsExtractedAgain() throws IOException {
        String model = folder.resolve("model").toString();
        assertThat(Run.of("lora", "fuse", BASE, ADAPTER, model).exit()).isEqualTo(ExitCode.DONE);
        Run run = Run.of("lora", "extract", BASE, model, folder.resolve("lora").toString(), "--rank", "4");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.out()).contains("extracted 8 layers", "100.00%");
        try (Stream<Path> files = Files.list(folder.resolve("lora"))) {
            assertThat(files).hasSize(1);
        }
        assertThat(Run.of("lora", "extract", BASE, model, "x", "--rank", "0").exit())
                .isEqualTo(ExitCode.USAGE);
    }

    private static String dialect(String name) {
        return Resources.fixture("lora-dialects/" + name).toString();
    }

    @Test
    void everyUseSaysHowMuchWasBound() {
        String base = dialect("base");
        String adapter = dialect("kohya-single/input");
        Run fused = Run.of("lora", "fuse", base, adapter, folder.resolve("m").toString());
        assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
        assertThat(fused.err()).contains("bound 14 of 14 modules");
        assertThat(fused.out()).contains("the change is 0.0");
        Run inspected = Run.of("lora", "inspect", adapter, "--base", base);
        assertThat(inspected.exit()).as(inspected.err()).isEqualTo(ExitCode.DONE);
        assertThat(inspected.out()).contains("dialect: kohya (lora)", "alpha 2", "bound: 14 of 14 modules");
        Run exported = Run.of("lora", "export", adapter, folder.resolve("e").toString(), "--base", base);
        assertThat(exported.exit()).as(exported.err()).isEqualTo(ExitCode.DONE);
        assertThat(exported.err()).contains("bound 14 of 14 modules");
        Run converted = Run.of(
                "lora", "convert", adapter, folder.resolve("c").toString(), "--to", "peft", "--base", base, "--json");
        assertThat(converted.exit()).as(converted.err()).isEqualTo(ExitCode.DONE);
        assertThat(converted.out()).contains("\"exact\": true");
        assertThat(folder.resolve("c/adapter_config.json")).isRegularFile();
        Run proven = Run.of("verify", folder.resolve("m").toString(), "--against", base, "--lora", adapter);
        assertThat(proven.exit()).as(proven.err()).isEqualTo(ExitCode.DONE);
    }

    @Test
    void halfBoundWritesNothingAndInspectionShowsTheNames() {
        Path output = folder.resolve("m");
        Run fused = Run.of("lora", "fuse", dialect("base"), dialect("half-unbound/input"), output.toString());
        assertThat(fused.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(fused.err()).contains("[extra-tensor]", "bound 7 of 14", "at least 42 blocks");
        assertThat(output).doesNotExist();
        Run inspected = Run.of("lora", "inspect", dialect("half-unbound/input"), "--base", dialect("base"));
        assertThat(inspected.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(inspected.out()).contains("bound: 7 of 14 modules", "transformer_blocks.40.attn1.to_k");
    }

    @Test
    void aChangeStrongerThanTheWeightsIsWarnedOfWithItsNumber() {
        Run fused = Run.of(
                "lora",
                "fuse",
                dialect("base"),
                dialect("too-strong/input"),
                folder.resolve("m").toString());
        assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
        assertThat(fused.err()).contains("[lora-alpha]", "3.00 times");
        Run json = Run.of("lora", "inspect", dialect("too-strong/input"), "--base", dialect("base"), "--json");
        assertThat(json.out()).contains("\"change_ratio\": 3.0", "\"bound\": 14");
    }

    /// No alpha that is half of a rank that the adapter does not have.
    @Test
    void theAlphaThatIsSuggestedIsHalfOfTheRankThatThereIs() {
        Run run = Run.of("lora", "inspect", dialect("diffusers-no-alpha/input"));
        assertThat(run.out()).contains("rank 4", "--lora-alpha 2,").doesNotContain("--lora-alpha 64");
        assertThat(Run.of("lora", "inspect", dialect("peft-rank-pattern/input")).out())
                .contains("rank 2-8", "alpha 2-8", "multiplied by 0.5-1.5");
    }

    @Test
    void aPartWithoutAModelIsAUsageError() {
        assertThat(Run.of("lora", "inspect", dialect("diffusers/input"), "--component", "transformer")
                        .exit())
                .isEqualTo(ExitCode.USAGE);
        Run absent =
                Run.of("lora", "inspect", dialect("diffusers/input"), "--base", dialect("base"), "--component", "unet");
        assertThat(absent.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(absent.err()).contains("[component-missing]", "transformer");
    }

    /// Wan 2.2 has two experts with the same names, and nothing in the file tells which is meant.
    @Test
    void whereTwoComponentsFitNoneIsGuessed() {
        String fixture = Resources.fixture("any-lora-wan22-second-ddp-bf16-w2").toString();
        Path output = folder.resolve("m");
        Run run = Run.of("lora", "fuse", fixture + "/base", fixture + "/output/checkpoint-3", output.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("[ambiguous-weights]", "transformer, transformer_2");
        assertThat(output).doesNotExist();
        Run named = Run.of(
                "lora",
                "inspect",
                fixture + "/output/checkpoint-3",
                "--base",
                fixture + "/base",
                "--component",
                "transformer_2",
                "--json");
        assertThat(named.exit()).as(named.err()).isEqualTo(ExitCode.DONE);
        assertThat(named.out()).contains("\"component\": \"transformer_2\"", "\"bound\": 8");
    }

    /// Wan, Flux and Wan 2.2's second expert, as peft and diffusers fuse and save them.
    @ParameterizedTest
    @CsvSource({
        "any-lora-wan21-zero2-bf16-w2,      transformer",
        "any-lora-flux-ddp-bf16-w2,         transformer",
        "any-lora-wan22-second-ddp-bf16-w2, transformer_2",
    })
    void otherFamiliesAreWrittenAsTheReference(String name, String component) throws IOException {
        Path fixture = Resources.fixture(name);
        String base = fixture.resolve("base").toString();
        String adapter = fixture.resolve("output/checkpoint-3").toString();
        Path output = folder.resolve("m");
        Run fused = Run.of("lora", "fuse", base, adapter, output.toString(), "--component", component, "--verify");
        assertThat(fused.exit()).as(fused.err()).isEqualTo(ExitCode.DONE);
        assertThat(output.resolve(component + "/diffusion_pytorch_model.safetensors"))
                .hasSameBinaryContentAs(fixture.resolve("reference/fused-1.0/diffusion_pytorch_model.safetensors"));
        assertThat(output.resolve("model_index.json")).exists();
        Run proven = Run.of("verify", output.toString(), "--against", base, "--lora", adapter);
        assertThat(proven.exit()).as(proven.err()).isEqualTo(ExitCode.DONE);
        assertThat(Run.of("verify", output.toString()).exit()).isEqualTo(ExitCode.DONE);
    }

    /// Its names begin with the component, by which diffusers finds where an adapter belongs.
    @Test
    void anAdapterOfAnotherComponentIsExtractedUnderItsNames() {
        String fixture = Resources.fixture("any-unet-zero2-bf16-w2").toString();
        String lora = folder.resolve("lora").toString();
        Run extracted = Run.of(
                "lora",
                "extract",
                fixture + "/base",
                fixture + "/output/checkpoint-3",
                lora,
                "--rank",
                "2",
                "--component",
                "unet");
        assertThat(extracted.exit()).as(extracted.err()).isEqualTo(ExitCode.DONE);
        Run inspected = Run.of("lora", "inspect", lora, "--base", fixture + "/base", "--component", "unet", "--json");
        assertThat(inspected.exit()).as(inspected.err()).isEqualTo(ExitCode.DONE);
        assertThat(inspected.out()).contains("\"records_alpha\": true", "\"unbound\": []");
        assertThat(folder.resolve("lora/pytorch_lora_weights.safetensors"))
                .content(StandardCharsets.ISO_8859_1)
                .contains("\"unet.", "unet.lora_alpha")
                .doesNotContain("\"transformer.");
    }

    /// PEFT records alpha in `adapter_config.json` beside the file, finetrainers in the header.
    @Test
    void theDoctorFindsAlphaWhereverItIsRecorded() {
        for (String name : new String[] {
            "peft-folder",
            "peft-loha",
            "peft-rank-pattern",
            "diffusers-lora-config",
            "kohya-single",
            "old-diffusers-processor"
        }) {
            Run run = Run.of("doctor", dialect(name + "/input"));
            assertThat(run.out() + run.err()).as(name).doesNotContain("[lora-alpha]");
        }
        assertThat(Run.of("doctor", dialect("diffusers-no-alpha/input")).out()).contains("[lora-alpha]");
    }

    @Test
    void anAdapterOfAnotherFamilyIsRefusedByItsNames() {
        Run run = Run.of(
                "lora",
                "fuse",
                Resources.fixture("any-wan21-zero2-bf16-w2/base").toString(),
                Resources.fixture("any-lora-flux-ddp-bf16-w2/output/checkpoint-3")
                        .toString(),
                folder.resolve("m").toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("[extra-tensor]", "bound 0 of 16 modules");
    }

    @Test
    void convertingAnAdapterIsRefusedWithTheCommandThatTakesIt() {
        for (String name : new String[] {"kohya-te/input/style.safetensors", "comfy-diff/input", "peft-lokr/input"}) {
            Run run = Run.of("convert", dialect(name), folder.resolve("m").toString());
            assertThat(run.exit()).as(name).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(run.err()).contains("[not-a-checkpoint]", "cogvideo lora fuse");
        }
        assertThat(folder).isEmptyDirectory();
    }
}
