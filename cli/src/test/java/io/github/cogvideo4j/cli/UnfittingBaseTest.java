package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
