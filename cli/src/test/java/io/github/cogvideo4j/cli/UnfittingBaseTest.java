package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Bases that do not fit the weights, or that tell little: what is said, and that nothing is written.
class UnfittingBaseTest {
    private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Another family.
                "any-flux-dcp-bf16-w2/output/checkpoint-3 | any-qwenimage-ddp-bf16-w2"
                        + " | wrong-component | QwenImageTransformer2DModel | FluxTransformer2DModel",
                // Another size.
                "any-wan22-zero3-bf16-w2/output-high/checkpoint-3 | any-wan21-zero2-bf16-w2"
                        + " | - | WanTransformer3DModel | transformer"
            })
    void anotherModelIsNamedWithHowMuchAgrees(String source, String base, String code, String class1, String class2)
            throws IOException {
        Run run = convert(Resources.fixture(source), Resources.fixture(base + "/base"));
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains(class1, class2).containsPattern("[0-9]+ of its [0-9]+ tensors agree");
        if (!code.equals("-")) {
            assertThat(run.err()).contains("[" + code + "]");
        }
        assertNothingWritten();
    }

    @Test
    void aBaseWithConfigurationsOnlyGivesAKnownFamilyItsOtherFiles() throws IOException {
        Path base = copy("any-wan21-zero2-bf16-w2");
        Files.delete(base.resolve("transformer").resolve(WEIGHTS));
        Run run = convert(Resources.fixture("any-wan21-zero2-bf16-w2/output/checkpoint-3"), base);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.err()).contains("[component-without-weights]", "could not be compared");
        assertThat(output().resolve("transformer").resolve(WEIGHTS))
                .hasSameBinaryContentAs(Resources.fixture("any-wan21-zero2-bf16-w2/reference/bf16-safe/" + WEIGHTS));
    }

    @Test
    void aBaseWithConfigurationsOnlyOfAnUnknownClassTellsNothing() throws IOException {
        Path base = copy("any-wan21-zero2-bf16-w2");
        Files.delete(base.resolve("transformer").resolve(WEIGHTS));
        rename(base.resolve("transformer/config.json"), "_class_name", "Wan9Transformer3DModel");
        renameListed(base, "transformer", "Wan9Transformer3DModel");
        Run run = convert(Resources.fixture("any-wan21-zero2-bf16-w2/output/checkpoint-3"), base);
        // As without a base: the family is named, the weights are written.
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.err()).contains("WanTransformer3DModel");
        assertThat(output().resolve("transformer").resolve(WEIGHTS))
                .hasSameBinaryContentAs(Resources.fixture("any-wan21-zero2-bf16-w2/reference/bf16-safe/" + WEIGHTS));
    }

    @Test
    void aComponentThatDoesNotExistIsNamedWithThoseThatDo() {
        Run run = convert(
                Resources.fixture("any-wan21-zero2-bf16-w2/output/checkpoint-3"),
                Resources.fixture("any-wan21-zero2-bf16-w2/base"),
                "--component",
                "unet");
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("[component-missing]", "unet", "transformer", "vae", "text_encoder");
        // An entry of [null, null] is no component.
        assertThat(run.err()).doesNotContain("transformer_2");
        assertNothingWritten();
    }

    @Test
    void aPipelineOfAnUnknownClassWorksByItsTables() throws IOException {
        Path base = copy("any-mochi-zero2-fp16-w2");
        rename(base.resolve("model_index.json"), "_class_name", "PipelineOfTomorrow");
        rename(base.resolve("transformer/config.json"), "_class_name", "TransformerOfTomorrow");
        renameListed(base, "transformer", "TransformerOfTomorrow");
        Run run = convert(Resources.fixture("any-mochi-zero2-fp16-w2/output/checkpoint-3"), base);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.err()).doesNotContain("warning");
        assertThat(Run.of("doctor", output().toString()).exit()).isEqualTo(ExitCode.DONE);
        assertThat(Run.of("verify", output().toString()).exit()).isEqualTo(ExitCode.DONE);
    }

    /// bitsandbytes, torchao and the like save other names, types and sizes; a configuration that says so beside
    /// trained weights would not load either.
    @ParameterizedTest
    @CsvSource({
        "any-wan21-zero2-bf16-w2, bitsandbytes",
        "any-flux-dcp-bf16-w2, torchao",
        "any-mochi-zero2-fp16-w2, fp8",
        "zero2-bf16-w2, bitsandbytes"
    })
    void aQuantizedBaseIsNamed(String fixture, String method) throws IOException {
        Path base = copy(fixture);
        quantize(base.resolve("transformer/config.json"), method);
        Run run = convert(Resources.fixture(fixture + "/output/checkpoint-3"), base);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("[other-format]", "quantized (" + method + ")", "was quantized from");
        assertNothingWritten();
    }

    @Test
    void aQuantizedTextEncoderOfTheBaseIsNoHindrance() throws IOException {
        Path base = copy("any-wan21-zero2-bf16-w2");
        quantize(base.resolve("text_encoder/config.json"), "bitsandbytes");
        Run run = convert(Resources.fixture("any-wan21-zero2-bf16-w2/output/checkpoint-3"), base);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
    }

    @Test
    void nothingIsFusedIntoAQuantizedModelAndTheDoctorDoesNotCompareIt() throws IOException {
        Path base = Resources.copy(Resources.fixture("lora-dialects/base"), folder.resolve("base"));
        Path config = base.resolve("transformer/config.json");
        quantize(config, "bitsandbytes");
        rename(config, "num_layers", 7);
        Run doctor = Run.of("doctor", base.toString());
        assertThat(doctor.exit()).as(doctor.out()).isEqualTo(ExitCode.DONE);
        assertThat(doctor.out()).contains("quantized (bitsandbytes)");
        Run fused = Run.of(
                "lora",
                "fuse",
                base.toString(),
                Resources.fixture("lora-dialects/diffusers/input").toString(),
                output().toString());
        assertThat(fused.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(fused.err()).contains("[other-format]", "quantized (bitsandbytes)");
        assertNothingWritten();
    }

    @Test
    void aComponentWhoseFolderIsAbsentIsCopiedFromTheModel() throws IOException {
        Path base = copy("any-wan21-zero2-bf16-w2");
        Path vae = base.resolve("vae");
        Files.delete(vae.resolve("config.json"));
        Files.delete(vae);
        Run run = convert(Resources.fixture("any-wan21-zero2-bf16-w2/output/checkpoint-3"), base, "--component", "vae");
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("[component-missing]", "its folder is not there", "cp -r", vae.toString());
        assertNothingWritten();
    }

    @Test
    void weightsOfTheBaseThatCannotBeReadAreNotCalledAbsent() throws IOException {
        Path base = copy("any-wan21-zero2-bf16-w2");
        Path weights = base.resolve("transformer").resolve(WEIGHTS);
        Files.write(weights, new byte[] {1, 2, 3});
        Run run = convert(Resources.fixture("any-wan21-zero2-bf16-w2/output/checkpoint-3"), base);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.err()).contains("[component-without-weights]", "no weights that can be read");
    }

    /// What only CogVideoX's configurations have is not written for another model, nor passed over in silence.
    @Test
    void whatIsSaidOfCogVideoXIsNotTakenForAnotherModel() {
        Path source = Resources.fixture("any-wan21-zero2-bf16-w2/output/checkpoint-3");
        Path base = Resources.fixture("any-wan21-zero2-bf16-w2/base");
        Run shift = convert(source, base, "--snr-shift-scale", "1.0");
        assertThat(shift.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(shift.err()).contains("CogVideoX", "WanTransformer3DModel");
        assertNothingWritten();
        Run claims = convert(source, base, "--num-layers", "42", "--i2v");
        assertThat(claims.exit()).as(claims.err()).isEqualTo(ExitCode.DONE);
        assertThat(claims.err()).contains("was not compared with the weights");
    }

    /// enable_layerwise_casting leaves fp8 in a checkpoint of any family.
    @ParameterizedTest
    @CsvSource({"any-wan21-zero2-bf16-w2, transformer", "any-flux-dcp-bf16-w2, transformer"})
    void fp8OfAnotherFamilyIsTold(String fixture, String component) throws IOException {
        Path base = Resources.fixture(fixture + "/base");
        Map<String, WrittenTensors.Raw> tensors = new LinkedHashMap<>();
        WrittenTensors.raw(base.resolve(component).resolve(WEIGHTS)).forEach((name, tensor) -> {
            int numel = tensor.shape().stream().mapToInt(Math::toIntExact).reduce(1, (one, more) -> one * more);
            byte[] ones = new byte[numel];
            Arrays.fill(ones, (byte) 0x38);
            tensors.put(
                    name,
                    tensor.shape().size() == 2 ? new WrittenTensors.Raw("F8_E4M3", tensor.shape(), ones) : tensor);
        });
        Path file = ContainerFiles.write(folder.resolve("cast.safetensors"), tensors);
        Run run = convert(file, base, "--dtype", "bf16");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.err()).contains("are fp8 (float8_e4m3fn)").doesNotContain("CogVideoX");
        Map<String, WrittenTensors.Raw> written =
                WrittenTensors.raw(output().resolve(component).resolve(WEIGHTS));
        tensors.forEach((name, tensor) -> {
            if (tensor.dtype().equals("F8_E4M3")) {
                byte[] ones = new byte[2 * tensor.bytes().length];
                for (int i = 0; i < ones.length; i += 2) {
                    ones[i] = (byte) 0x80;
                    ones[i + 1] = 0x3f;
                }
                assertThat(written.get(name)).isEqualTo(new WrittenTensors.Raw("BF16", tensor.shape(), ones));
            }
        });
    }

    private static void quantize(Path config, String method) throws IOException {
        ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(config.toFile());
        json.putObject("quantization_config").put("quant_method", method);
        Files.writeString(config, json.toString());
    }

    private static void rename(Path file, String field, int value) throws IOException {
        ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(file.toFile());
        json.put(field, value);
        Files.writeString(file, json.toString());
    }

    private Path output() {
        return folder.resolve("output");
    }

    private void assertNothingWritten() {
        assertThat(output()).doesNotExist();
    }

    private Run convert(Path source, Path base, String... more) {
        String[] words = new String[5 + more.length];
        System.arraycopy(
                new String[] {"convert", source.toString(), output().toString(), "--base", base.toString()},
                0,
                words,
                0,
                5);
        System.arraycopy(more, 0, words, 5, more.length);
        return Run.of(words);
    }

    private Path copy(String fixture) throws IOException {
        return Resources.copy(Resources.fixture(fixture + "/base"), folder.resolve("base"));
    }

    private static void rename(Path file, String field, String value) throws IOException {
        ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(file.toFile());
        json.put(field, value);
        Files.writeString(file, json.toString());
    }

    private static void renameListed(Path base, String component, String className) throws IOException {
        Path file = base.resolve("model_index.json");
        ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(file.toFile());
        json.putArray(component).add("diffusers").add(className);
        Files.writeString(file, json.toString());
    }
}
