package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Weights of several components in one source, bases that are one component's folder, and the choice between
/// components that are alike. The bytes are those that the real tools wrote.
class SeveralComponentsTest {
    private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";
    private static final Path WAN21 = Resources.fixture("any-wan21-zero2-bf16-w2");
    private static final Path WAN22 = Resources.fixture("any-wan22-zero3-bf16-w2");
    private static final Path UNET = Resources.fixture("any-unet-zero2-bf16-w2");

    @TempDir
    Path folder;

    @Test
    void twoComponentsTrainedInOneRunAreConvertedWhole() throws IOException {
        Path base = Resources.copy(WAN21.resolve("base"), folder.resolve("base"));
        Resources.copy(UNET.resolve("base/unet"), base.resolve("unet"));
        Path index = base.resolve("model_index.json");
        ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(index.toFile());
        json.putArray("unet").add("diffusers").add("UNet2DConditionModel");
        Files.writeString(index, json.toString());
        Path source = WeightsOf.several(
                folder.resolve("both.safetensors"),
                Map.of(
                        "transformer.", WAN21.resolve("reference/bf16-safe").resolve(WEIGHTS),
                        "unet.", UNET.resolve("reference/bf16-safe").resolve(WEIGHTS)));

        Path output = convert(source, base);

        assertThat(output.resolve("transformer").resolve(WEIGHTS))
                .hasSameBinaryContentAs(WAN21.resolve("reference/bf16-safe").resolve(WEIGHTS));
        assertThat(output.resolve("unet").resolve(WEIGHTS))
                .hasSameBinaryContentAs(UNET.resolve("reference/bf16-safe").resolve(WEIGHTS));
        assertProven(output, source);
    }

    @Test
    void twoExpertsInOneSourceGoWhereTheirNamesSay() throws IOException {
        Path source = WeightsOf.several(
                folder.resolve("both.safetensors"),
                Map.of("transformer.", expert("transformer"), "transformer_2.", expert("transformer_2")));

        Path output = convert(source, WAN22.resolve("base"));

        for (String name : new String[] {"transformer", "transformer_2"}) {
            assertThat(output.resolve(name).resolve(WEIGHTS)).hasSameBinaryContentAs(expert(name));
        }
        assertProven(output, source);
        // Both components have the same tensor names: a change in either is found.
        Path second = output.resolve("transformer_2").resolve(WEIGHTS);
        byte[] bytes = Files.readAllBytes(second);
        bytes[bytes.length - 1] ^= 1;
        Files.write(second, bytes);
        Run changed = Run.of("verify", output.toString());
        assertThat(changed.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(changed.out() + changed.err()).contains("transformer_2");
        assertThat(Run.of("verify", output.toString(), "--against", source.toString())
                        .exit())
                .isEqualTo(ExitCode.PROBLEMS_FOUND);
    }

    @Test
    void withoutABaseTwoExpertsAreBothWritten() throws IOException {
        Path source = WeightsOf.several(
                folder.resolve("both.safetensors"),
                Map.of("transformer.", expert("transformer"), "transformer_2.", expert("transformer_2")));
        Path output = folder.resolve("output");
        Run run = Run.of("convert", source.toString(), output.toString());
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        for (String name : new String[] {"transformer", "transformer_2"}) {
            assertThat(output.resolve(name).resolve(WEIGHTS))
                    .hasSameBinaryContentAs(WAN22.resolve("reference")
                            .resolve(name)
                            .resolve("bf16-safe")
                            .resolve(WEIGHTS));
        }
    }

    @Test
    void betweenComponentsThatAreAlikeTheUserIsAsked() {
        Path output = folder.resolve("output");
        Run run = Run.of(
                "convert",
                WAN22.resolve("output-low/checkpoint-3").toString(),
                output.toString(),
                "--base",
                WAN22.resolve("base").toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("--component transformer,", "--component transformer_2");
        assertThat(output).doesNotExist();
    }

    @Test
    void aComponentsFolderAloneIsABase() throws IOException {
        for (Path fixture : new Path[] {WAN21, UNET}) {
            String component = fixture.equals(UNET) ? "unet" : "transformer";
            Path source = fixture.resolve("output/checkpoint-3");
            Path output = convert(source, fixture.resolve("base").resolve(component));
            Path weights = output.resolve(component).resolve(WEIGHTS);
            assertThat(weights)
                    .hasSameBinaryContentAs(
                            fixture.resolve("reference/bf16-safe").resolve(WEIGHTS));
            assertThat(output.resolve(component).resolve("config.json"))
                    .hasSameBinaryContentAs(
                            fixture.resolve("base").resolve(component).resolve("config.json"));
            assertProven(output, source);
        }
    }

    @Test
    void theProofNamesTheComponentThatTheWeightsEqual() throws IOException {
        Path model = Resources.copy(WAN22.resolve("base"), folder.resolve("model"));
        Files.copy(
                expert("transformer"),
                model.resolve("transformer_2").resolve(WEIGHTS),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Run run = Run.of(
                "verify",
                model.toString(),
                "--against",
                WAN22.resolve("output-high/checkpoint-3").toString());
        assertThat(run.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(run.out() + run.err()).contains("[wrong-component]", "transformer_2");
    }

    @Test
    void componentsThatTransformersReadsKeepItsNames() throws IOException {
        Path base = Resources.golden("pipelines/t2v-2b");
        Path trained = base.resolve("text_encoder/model.safetensors");
        Path source = WeightsOf.several(folder.resolve("encoder.safetensors"), Map.of("module.", trained));
        Path output = convert(source, base);
        assertThat(output.resolve("text_encoder/model.safetensors")).hasSameBinaryContentAs(trained);
        assertThat(output.resolve("text_encoder").toFile().list()).doesNotContain(WEIGHTS);
        assertThat(output.resolve("transformer").resolve(WEIGHTS))
                .hasSameBinaryContentAs(base.resolve("transformer").resolve(WEIGHTS));
        assertProven(output, source);
        assertThat(Run.of("doctor", output.toString()).exit()).isEqualTo(ExitCode.DONE);

        Path both = folder.resolve("both");
        Run run = Run.of("convert", source.toString(), both.toString(), "--base", base.toString(), "--format", "bin");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(both.resolve("text_encoder/pytorch_model.bin")).exists();
        assertThat(Run.of("doctor", both.toString()).exit()).isEqualTo(ExitCode.DONE);
    }

    @Test
    void shardsOfATextEncoderHaveItsIndex() throws IOException {
        Path base = Resources.golden("pipelines/t2v-2b");
        Path trained = base.resolve("text_encoder/model.safetensors");
        Path source = WeightsOf.several(folder.resolve("encoder.safetensors"), Map.of("", trained));
        Path output = folder.resolve("sharded");
        Run run = Run.of(
                "convert", source.toString(), output.toString(), "--base", base.toString(), "--max-shard-size", "20KB");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(output.resolve("text_encoder/model.safetensors.index.json")).exists();
        assertThat(output.resolve("text_encoder").toFile().list((_, name) -> name.startsWith("diffusion_")))
                .isEmpty();
        assertProven(output, source);
        Run diagnosed = Run.of("doctor", output.toString());
        assertThat(diagnosed.exit()).as(diagnosed.out()).isEqualTo(ExitCode.DONE);
    }

    @Test
    void anAutoencoderGoesIntoItsFolder() throws IOException {
        Path base = Resources.golden("pipelines/t2v-2b");
        Path trained = base.resolve("vae").resolve(WEIGHTS);
        Path source = WeightsOf.several(folder.resolve("vae.safetensors"), Map.of("app.vae.", trained));
        Path output = convert(source, base);
        assertThat(output.resolve("vae").resolve(WEIGHTS)).hasSameBinaryContentAs(trained);
        assertProven(output, source);
    }

    private static Path expert(String component) {
        return WAN22.resolve("reference")
                .resolve(component)
                .resolve("diffusers-bf16")
                .resolve(WEIGHTS);
    }

    private int conversions;

    private Path convert(Path source, Path base) {
        Path output = folder.resolve("output" + conversions++);
        Run run = Run.of("convert", source.toString(), output.toString(), "--base", base.toString());
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        return output;
    }

    private static void assertProven(Path output, Path source) {
        Run intact = Run.of("verify", output.toString());
        assertThat(intact.exit()).as(intact.err()).isEqualTo(ExitCode.DONE);
        Run equal = Run.of("verify", output.toString(), "--against", source.toString());
        assertThat(equal.exit()).as(equal.out() + equal.err()).isEqualTo(ExitCode.DONE);
    }
}
