package io.github.cogvideo4j.checkpoints.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.SettingsReader;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter.LoraLayer;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is read of an adapter, under every spelling of its keys, and what is refused.
class LoraAdapterTest {
    private static final String Q = "transformer_blocks.0.attn1.to_q";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "transformer.M.lora_A.weight, transformer.M.lora_B.weight",
                "base_model.model.M.lora_A.weight, base_model.model.M.lora_B.weight",
                "base_model.model.M.lora_A.default.weight, base_model.model.M.lora_B.default.weight",
                "module.M.lora_A.default.weight, module.M.lora_B.default.weight",
                "diffusion_model.M.lora_A.weight, diffusion_model.M.lora_B.weight",
                "diffusion_model.M.lora_down.weight, diffusion_model.M.lora_up.weight",
                "M.lora_down.weight, M.lora_up.weight",
                "M.lora.down.weight, M.lora.up.weight",
                "M.lora_A.weight, M.lora_B.weight",
            })
    void everySpellingMeansTheSameWeight(String keys) throws IOException {
        String[] names = keys.replace("M", Q).split(", ", -1);
        Path file = new AdapterFiles().with(names[0], 2, 6).with(names[1], 4, 2).write(folder.resolve("a.safetensors"));
        LoraAdapter adapter = LoraAdapter.open(file);
        LoraLayer layer = adapter.layers().getFirst();
        assertThat(adapter.layers()).hasSize(1);
        assertThat(layer.module()).isEqualTo(Q);
        assertThat(layer.rank()).hasValue(2);
        assertThat(layer.shape().toString()).isEqualTo("[4, 6]");
        AdaptedModule module = adapter.content().modules().firstEntry().getValue();
        assertThat(module.factor(0.5, OptionalDouble.empty())).isEqualTo(0.5);
        assertThat(module.factor(0.5, OptionalDouble.of(8))).isEqualTo(2);
    }

    @Test
    void alphaComesFromTheHeader() throws IOException {
        LoraAdapter adapter = LoraAdapter.open(Resources.golden("lora/t2v-5b_r4_alpha8meta.safetensors"));
        assertThat(adapter.recordsAlpha()).isTrue();
        assertThat(adapter.layers())
                .allSatisfy(layer -> assertThat(layer.factor()).isEqualTo(2));
    }

    /// rsLoRA and patterns of single modules, as PEFT's `LoraConfig` defines them.
    @Test
    void theHeadersOtherFieldsCount() throws IOException {
        Path file = pair().write(
                        folder.resolve("a.safetensors"),
                        Map.of(
                                SettingsReader.DIFFUSERS_KEY,
                                "{\"transformer.r\": 4, \"transformer.lora_alpha\": 4, \"transformer.use_rslora\": true,"
                                        + " \"transformer.alpha_pattern\": {\"attn1.to_q\": 6}}"));
        assertThat(LoraAdapter.open(file).layers().getFirst().factor()).isEqualTo(6 / Math.sqrt(2));
    }

    @Test
    void peftsOwnFolderIsRead() throws IOException {
        pair().write(folder.resolve("adapter_model.safetensors"));
        Files.writeString(folder.resolve("adapter_config.json"), "{\"r\": 2, \"lora_alpha\": 3}");
        assertThat(LoraAdapter.open(folder).layers().getFirst().alpha()).hasValue(3);
    }

    @Test
    void aTextEncodersMatricesAreReportedAndLeftOut() throws IOException {
        Path file = pair().with("text_encoder.layer.0.q.lora_A.weight", 2, 6)
                .with("text_encoder.layer.0.q.lora_B.weight", 4, 2)
                .write(folder.resolve("a.safetensors"));
        LoraAdapter adapter = LoraAdapter.open(file);
        assertThat(adapter.layers()).hasSize(1);
        assertThat(adapter.skipped()).hasSize(2);
        assertThat(adapter.warnings()).extracting(Problem::code).contains(ProblemCode.EXTRA_TENSOR);
    }

    @Test
    void anEmptyAdapterNamesTheWayOut() {
        Path checkpoint = Resources.fixture("lora-zero3-bf16-w2/output/checkpoint-3");
        assertThatThrownBy(() -> LoraAdapter.open(checkpoint))
                .hasMessageContaining("not-weights")
                .hasMessageContaining("16 of 16")
                .isInstanceOfSatisfying(
                        CarriesProblem.class,
                        e -> assertThat(e.problem().remedies()).containsExactly(new Remedy.ExportAdapter(checkpoint)));
    }

    static Stream<Arguments> hostileFiles() {
        return Stream.of(
                hostile("rank mismatch", "shape-mismatch", files -> files.with(Q + ".lora_B.weight", 4, 3)),
                hostile("one dimension", "shape-mismatch", files -> files.with(Q + ".lora_B.weight", 8)),
                hostile("scalar", "shape-mismatch", files -> files.with(Q + ".lora_A.weight")),
                hostile(
                        "huge rank",
                        "shape-mismatch",
                        files -> files.with(Q + ".lora_A.weight", 100, 6).with(Q + ".lora_B.weight", 4, 100)),
                hostile("missing B", "missing-tensor", files -> files.with("proj_out.lora_A.weight", 2, 6)),
                hostile("missing A", "missing-tensor", files -> files.with("proj_out.lora_B.weight", 4, 2)),
                hostile("alpha of nothing", "missing-tensor", files -> files.with("proj_out.alpha", new float[] {1})),
                hostile(
                        "the same twice after renaming",
                        "duplicate-weights",
                        files -> files.with("transformer." + Q + ".lora_A.weight", 2, 6)),
                hostile("two adapters", "duplicate-weights", files -> files.with(Q + ".lora_A.second.weight", 2, 6)),
                hostile("another tensor", "extra-tensor", files -> files.with("proj_out.weight", 4, 4)),
                hostile("no module", "extra-tensor", files -> files.with(".lora_A.weight", 2, 6)),
                hostile("a model", "lora-unmerged", files -> files.with(Q + ".base_layer.weight", 4, 6)),
                hostile("magnitudes of nothing", "missing-tensor", files -> files.with("proj_out.dora_scale", 4, 1)),
                hostile("half of a LoHa", "missing-tensor", files -> files.with("proj_out.hada_w1_a", 4, 2)),
                hostile(
                        "LoHa of two sizes",
                        "shape-mismatch",
                        files -> files.with("proj_out.hada_w1_a", 4, 2)
                                .with("proj_out.hada_w1_b", 2, 6)
                                .with("proj_out.hada_w2_a", 5, 2)
                                .with("proj_out.hada_w2_b", 2, 6)),
                hostile("half of a LoKr", "missing-tensor", files -> files.with("proj_out.lokr_w1", 4, 2)),
                hostile(
                        "LoKr vector",
                        "shape-mismatch",
                        files -> files.with("proj_out.lokr_w1", 4).with("proj_out.lokr_w2", 2, 2)),
                hostile(
                        "a DoRA length for each input",
                        "unsupported-tensor",
                        files -> files.with(Q + ".dora_scale", 1, 6)),
                hostile("Tucker", "unsupported-tensor", files -> files.with(Q + ".lora_mid.weight", 2, 2, 1, 1)),
                hostile("bias of nothing", "missing-tensor", files -> files.with("proj_out.lora_B.bias", 4)),
                hostile("alpha 0", "lora-alpha", files -> files.with(Q + ".alpha", new float[] {0})),
                hostile("alpha NaN", "lora-alpha", files -> files.with(Q + ".alpha", new float[] {Float.NaN})),
                hostile("alpha of many", "lora-alpha", files -> files.with(Q + ".alpha", 3)));
    }

    private static Arguments hostile(String what, String code, UnaryOperator<AdapterFiles> change) {
        return Arguments.of(what, code, change);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hostileFiles")
    void whatIsNoWholeAdapterIsRefused(String what, String code, UnaryOperator<AdapterFiles> change)
            throws IOException {
        Path file = change.apply(pair()).write(folder.resolve("a.safetensors"));
        assertThatThrownBy(() -> LoraAdapter.open(file)).as(what).hasMessageStartingWith(code + ":");
    }

    @ParameterizedTest
    @Attack(
            name = "adapter-alpha",
            tries = "an alpha of 1e300 or below zero, or a pattern that backtracks for ever",
            fails = "alpha is a number from 0 to a million; patterns are compared as names, never run")
    @ValueSource(
            strings = {
                "no JSON",
                "[]",
                "{\"transformer.lora_alpha\": -1}",
                "{\"transformer.lora_alpha\": \"64\"}",
                "{\"transformer.lora_alpha\": 1e300}",
                "{\"lora_alpha\": 4, \"alpha_pattern\": {\"(a+)+$\": 4}}",
            })
    void aHeaderThatCannotBeMeantIsRefused(String header) throws IOException {
        Path file = pair().write(folder.resolve("a.safetensors"), Map.of(SettingsReader.DIFFUSERS_KEY, header));
        assertThatThrownBy(() -> LoraAdapter.open(file)).hasMessageStartingWith("lora-alpha:");
    }

    /// The header is JSON inside JSON, and PEFT's configuration a file of its own.
    @Test
    @Attack(
            name = "adapter-metadata-bomb",
            tries = "100,000 brackets in an adapter's metadata, or a configuration of megabytes",
            fails = "both are read within the limits of every small JSON file")
    void metadataAreReadWithinLimits() throws IOException {
        Path file = pair().write(
                        folder.resolve("a.safetensors"),
                        Map.of(
                                SettingsReader.DIFFUSERS_KEY,
                                "{\"r\": " + "[".repeat(100_000) + "]".repeat(100_000) + "}"));
        assertThatThrownBy(() -> LoraAdapter.open(file)).hasMessageStartingWith("lora-alpha:");
        Path peft = folder.resolve("peft");
        pair().write(peft.resolve("adapter_model.safetensors"));
        Files.writeString(peft.resolve("adapter_config.json"), "{\"r\": 2" + " ".repeat(2 << 20) + "}");
        assertThatThrownBy(() -> LoraAdapter.open(peft)).hasMessageStartingWith("lora-alpha:");
    }

    /// Factors whose product would be far larger than they are.
    @Test
    @Attack(
            name = "adapter-huge-product",
            tries = "two thin Kronecker factors that stand for 2^62 elements",
            fails =
                    "a change is compared with the tensor that it changes before anything is computed, with overflow checks")
    void aChangeLargerThanItsTensorIsNeverMade() throws IOException {
        Path file = new AdapterFiles()
                .with("proj_out.lokr_w1_a", 70_000, 1)
                .with("proj_out.lokr_w1_b", 1, 70_000)
                .with("proj_out.lokr_w2_a", 70_000, 1)
                .with("proj_out.lokr_w2_b", 1, 70_000)
                .write(folder.resolve("a.safetensors"));
        Path weights = new AdapterFiles()
                .with("proj_out.weight", 6, 6)
                .write(folder.resolve("base/diffusion_pytorch_model.safetensors"));
        LoraAdapter adapter = LoraAdapter.open(file);
        assertThatThrownBy(() -> LoraFusion.fuse(
                        Checkpoints.open(weights, SourceOptions.defaults()),
                        List.of(new AppliedAdapter(adapter, 1, OptionalDouble.empty())),
                        true))
                .hasMessageStartingWith("shape-mismatch:");
    }

    @Test
    void aRankThatTheMatricesDoNotHaveIsPointedOut() throws IOException {
        Path file = pair().write(
                        folder.resolve("a.safetensors"),
                        Map.of(SettingsReader.DIFFUSERS_KEY, "{\"transformer.r\": 8, \"transformer.lora_alpha\": 4}"));
        LoraAdapter adapter = LoraAdapter.open(file);
        assertThat(adapter.layers().getFirst().factor()).isEqualTo(2);
        assertThat(adapter.warnings())
                .singleElement()
                .satisfies(warning -> assertThat(warning.code()).isEqualTo(ProblemCode.LORA_ALPHA));
    }

    @Test
    void ofSeveralFilesNoneIsTakenBlindly() throws IOException {
        pair().write(folder.resolve("a.safetensors"));
        pair().write(folder.resolve("b.safetensors"));
        assertThatThrownBy(() -> LoraAdapter.open(folder))
                .hasMessageStartingWith("ambiguous-weights:")
                .hasMessageContaining("a.safetensors, b.safetensors");
        new AdapterFiles().with("proj_out.weight", 4, 4).write(folder.resolve("one/model.safetensors"));
        Path only = pair().write(folder.resolve("one/anything.safetensors"));
        assertThat(LoraAdapter.open(folder.resolve("one")).file()).isEqualTo(only);
    }

    @Test
    void nanIsFound() throws IOException {
        AdapterFiles files = pair();
        files.get(Q + ".lora_B.weight")[5] = Float.NaN;
        LoraAdapter adapter = LoraAdapter.open(files.write(folder.resolve("a.safetensors")));
        assertThat(adapter.valueProblems()).singleElement().satisfies(problem -> {
            assertThat(problem.code()).isEqualTo(ProblemCode.NAN_INF);
            assertThat(problem.place().tensor()).hasValue(Q + ".lora_B.weight");
        });
        assertThat(adapter.norms(1).firstEntry().getValue()).isNaN();
    }

    @Test
    void theNormOfTheProductIsThatOfTheProduct() throws IOException {
        AdapterFiles files = pair();
        LoraAdapter adapter = LoraAdapter.open(files.write(folder.resolve("a.safetensors")));
        float[] a = files.get(Q + ".lora_A.weight");
        float[] b = files.get(Q + ".lora_B.weight");
        double squares = 0;
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 6; j++) {
                double value = (double) b[i * 2] * a[j] + (double) b[i * 2 + 1] * a[6 + j];
                squares += value * value;
            }
        }
        assertThat(adapter.norms(1).firstEntry().getValue()).isCloseTo(Math.sqrt(squares), Offset.offset(1e-12));
    }

    @Test
    void thePublishedModelsThatAnAdapterFitsAreNamed() throws IOException {
        Path file = new AdapterFiles()
                .with("transformer_blocks.29.attn1.to_q.lora_A.weight", 1, 1920)
                .with("transformer_blocks.29.attn1.to_q.lora_B.weight", 1920, 1)
                .write(folder.resolve("a.safetensors"));
        assertThat(LoraAdapter.open(file).fitting()).containsExactly("CogVideoX-2b");
        assertThat(LoraAdapter.open(file).targets()).containsExactly("attn1.to_q");
        Path large = new AdapterFiles()
                .with("transformer_blocks.41.ff.net.2.lora_A.weight", 1, 12288)
                .with("transformer_blocks.41.ff.net.2.lora_B.weight", 3072, 1)
                .write(folder.resolve("b.safetensors"));
        assertThat(LoraAdapter.open(large).fitting())
                .containsExactly("CogVideoX-5b", "CogVideoX-5b-I2V", "CogVideoX1.5-5B", "CogVideoX1.5-5B-I2V");
    }

    private static AdapterFiles pair() {
        return new AdapterFiles().with(Q + ".lora_A.weight", 2, 6).with(Q + ".lora_B.weight", 4, 2);
    }
}
