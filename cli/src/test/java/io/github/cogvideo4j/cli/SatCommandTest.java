package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// SAT checkpoints from the command line.
class SatCommandTest {
    private static final Path TRANSFORMER = Resources.fixture("sat-2b/input/1/mp_rank_00_model_states.pt");
    private static final Path VAE = Resources.fixture("sat-vae/input/3d-vae.pt");

    @TempDir
    Path folder;

    private static Run run(Object... words) {
        return Run.of(Arrays.stream(words).map(Object::toString).toArray(String[]::new));
    }

    /// As people have it in their shell's history.
    @Test
    void theReferenceScriptsCommandLinePastesUnchanged() {
        Path output = folder.resolve("model");
        Run run = run(
                "convert",
                "--transformer_ckpt_path",
                TRANSFORMER,
                "--vae_ckpt_path",
                VAE,
                "--output_path",
                output,
                "--fp16",
                "--num_layers",
                2,
                "--num_attention_heads",
                1,
                "--scaling_factor",
                1.15258426,
                "--snr_shift_scale",
                3.0,
                "--version",
                "1.0");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(output.resolve("transformer/diffusion_pytorch_model.safetensors"))
                .hasSameBinaryContentAs(
                        Resources.fixture("sat-2b/reference/transformer/diffusion_pytorch_model.safetensors"));
        assertThat(output.resolve("vae/diffusion_pytorch_model.safetensors")).exists();
        assertThat(output.resolve("scheduler/scheduler_config.json")).exists();
        assertThat(run("verify", output).exit()).isEqualTo(ExitCode.DONE);
        assertThat(run("verify", output, "--against", TRANSFORMER).exit()).isEqualTo(ExitCode.DONE);
        // Another model of the same sizes.
        assertThat(run("verify", output, "--against", Resources.fixture("sat-2b-posemb/input"))
                        .exit())
                .isEqualTo(ExitCode.PROBLEMS_FOUND);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sat-2b", "sat-5b", "sat-1.5", "sat-lora", "sat-vae"})
    void everythingThatReadsCheckpointsReadsSat(String name) {
        Path input = Resources.fixture(name + "/input");
        assertThat(run("inspect", input).exit()).isEqualTo(ExitCode.DONE);
        assertThat(run("convert", input, folder.resolve("model"), "--dry-run").exit())
                .isEqualTo(ExitCode.DONE);
        assertThat(folder.resolve("model")).doesNotExist();
        Run doctor = run("doctor", input);
        assertThat(doctor.err()).doesNotContain("internal");
        assertThat(doctor.exit()).isIn(ExitCode.DONE, ExitCode.PROBLEMS_FOUND);
    }

    @Test
    void aModelBecomesASatCheckpoint() {
        Path model = Resources.golden("pipelines/t2v-5b/transformer");
        Path sat = folder.resolve("sat");
        assertThat(run("convert", model, sat, "--to", "sat", "--verify").exit()).isEqualTo(ExitCode.DONE);
        assertThat(sat.resolve("latest")).hasContent("1");
        assertThat(sat.resolve("1/mp_rank_00_model_states.pt")).exists();
        assertThat(run("verify", sat).exit()).isEqualTo(ExitCode.DONE);
        assertThat(run("verify", sat, "--against", model).exit()).isEqualTo(ExitCode.DONE);
        assertThat(run("verify", sat, "--against", Resources.golden("pipelines/t2v-2b/transformer"))
                        .exit())
                .isNotEqualTo(ExitCode.DONE);
    }

    @Test
    void anAutoencoderGivenAsTransformerIsNamed() {
        Run run = run("convert", "--transformer-ckpt-path", VAE, "--output-path", folder.resolve("model"));
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("vae", "transformer").doesNotContain("Exception");
        run = run("convert", "--vae-ckpt-path", TRANSFORMER, folder.resolve("model"));
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("vae", "transformer");
    }

    @Test
    void satsNamesInAModelsFolderAreNamed() throws Exception {
        Path model = Resources.copy(Resources.golden("pipelines/t2v-5b"), folder.resolve("model"));
        Path weights = model.resolve("transformer");
        try (var files = Files.list(weights)) {
            for (Path file : files.filter(path -> !path.endsWith("config.json")).toList()) {
                Files.delete(file);
            }
        }
        Files.copy(
                Resources.fixture("sat-5b/input/1/mp_rank_00_model_states.pt"),
                weights.resolve("diffusion_pytorch_model.bin"));
        Run run = run("doctor", model);
        assertThat(run.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(run.out() + run.err()).contains("SAT");
    }

    @ParameterizedTest
    @CsvSource({
        "--fp16 --bf16, --fp16",
        "--fp16 --dtype bf16, --dtype",
        "--version 2.0, --version",
        "--scaling-factor -1, --scaling-factor",
        "--to sat --format bin, --to sat",
        "--to sat --with-vae, --to sat"
    })
    void optionsThatContradictEachOther(String options, String named) {
        Object[] words = ("convert " + TRANSFORMER + " " + folder.resolve("model") + " " + options).split(" ");
        Run run = run(words);
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains(named);
    }

    @Test
    void whatIsMissingIsSaid() {
        assertThat(run("convert").err()).contains("CHECKPOINT", "OUTPUT");
        assertThat(run("convert", TRANSFORMER).err()).contains("OUTPUT");
        assertThat(run("convert", "--transformer-ckpt-path", TRANSFORMER).err()).contains("OUTPUT");
        assertThat(run("convert", "--transformer-ckpt-path", TRANSFORMER, "a", "b")
                        .exit())
                .isEqualTo(ExitCode.USAGE);
        assertThat(run("convert", TRANSFORMER, folder.resolve("model"), "--with-text-encoder")
                        .err())
                .contains("text-encoder");
    }
}
