package io.github.cogvideo4j.checkpoints.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter.LoraLayer;
import io.github.cogvideo4j.checkpoints.lora.LoraConversion.LoraDialect;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// Adapters in another dialect: the names that the other tools' own files have, and the same effect.
class LoraConversionTest {
    private static final Path BASE = Resources.fixture("lora-dialects/base");

    @TempDir
    Path folder;

    /// The same adapter in all dialects is among the fixtures, each file in its own tool's words.
    @ParameterizedTest
    @CsvSource({
        "kohya-single,  DIFFUSERS, diffusers/input/pytorch_lora_weights.safetensors",
        "comfy-updown,  DIFFUSERS, diffusers/input/pytorch_lora_weights.safetensors",
        "peft-folder,   DIFFUSERS, diffusers/input/pytorch_lora_weights.safetensors",
        "diffusers,     PEFT,      peft-folder/input/adapter_model.safetensors",
        "kohya-double,  PEFT,      peft-folder/input/adapter_model.safetensors",
        "diffusers,     KOHYA,     kohya-single/input/style_kohya.safetensors",
        "comfy-lora-ab, KOHYA,     kohya-single/input/style_kohya.safetensors",
        "diffusers,     COMFYUI,   comfy-lora-ab/input/comfy_style.safetensors",
        "kohya-single,  COMFYUI,   comfy-lora-ab/input/comfy_style.safetensors",
        "peft-dora,     KOHYA,     kohya-dora/input/style_dora.safetensors",
    })
    void namesShapesAndBytesAreThoseOfTheOtherToolsFile(String from, LoraDialect to, String expected)
            throws IOException {
        LoraConversion.Result done = convert(Resources.fixture("lora-dialects/" + from + "/input"), to, "out");
        assertThat(done.exact()).isTrue();
        assertThat(contents(done.file())).isEqualTo(contents(Resources.fixture("lora-dialects/" + expected)));
    }

    /// There and back again.
    @ParameterizedTest
    @EnumSource(LoraDialect.class)
    void aRoundTripIsTheIdentity(LoraDialect other) throws IOException {
        for (String name : List.of("diffusers", "peft-rank-pattern", "peft-conv-patch-embed", "peft-dora")) {
            Path source = Resources.fixture("lora-dialects/" + name + "/input");
            Path first = convert(source, LoraDialect.DIFFUSERS, name + "/first").file();
            Path there = convert(first, other, name + "/there").file();
            Path back = convert(there, LoraDialect.DIFFUSERS, name + "/back").file();
            assertThat(back).as(name).hasSameBinaryContentAs(first);
        }
    }

    /// What another dialect makes of it fuses to the same bytes.
    @ParameterizedTest
    @CsvSource({
        "peft-rank-pattern,    KOHYA",
        "peft-rank-pattern,    DIFFUSERS",
        "peft-rslora,          PEFT",
        "peft-rslora,          DIFFUSERS",
        "peft-lora-bias,       DIFFUSERS",
        "peft-lora-bias,       PEFT",
        "peft-bias-all,        PEFT",
        "peft-modules-to-save, PEFT",
        "peft-loha,            KOHYA",
        "peft-loha,            PEFT",
        "peft-lokr,            PEFT",
        "peft-loha,            COMFYUI",
        "comfy-diff,           KOHYA",
        "old-diffusers-processor, COMFYUI",
    })
    void theConvertedAdapterFusesToTheSameBytes(String name, LoraDialect to) throws IOException {
        Path source = Resources.fixture("lora-dialects/" + name + "/input");
        LoraConversion.Result done = convert(source, to, "out");
        assertThat(done.exact()).isTrue();
        assertThat(fused(done.file())).isEqualTo(fused(source));
    }

    /// kohya's readers divide by the rank, not by its square root: the factor is folded into alpha and rounded.
    @Test
    void aStabilizedRankIsFoldedIntoAlphaWithinFp32() throws IOException {
        Path source = Resources.fixture("lora-dialects/peft-rslora/input");
        LoraConversion.Result done = convert(source, LoraDialect.KOHYA, "out");
        LoraLayer before = LoraAdapter.open(source).layers().getFirst();
        LoraLayer after = done.adapter().layers().getFirst();
        assertThat(after.factor()).isEqualTo((double) (float) before.factor());
    }

    @ParameterizedTest
    @CsvSource({
        "peft-loha,            DIFFUSERS, hada_w1_a",
        "peft-lokr,            DIFFUSERS, lokr_w1",
        "peft-lokr,            KOHYA,     lokr_w1",
        "comfy-diff,           DIFFUSERS, diff",
        "peft-modules-to-save, KOHYA,     weight",
        "peft-lora-bias,       COMFYUI,   lora_B.bias",
    })
    void whatADialectHasNoWordsForIsRefusedByName(String name, LoraDialect to, String part) {
        assertThatThrownBy(() -> convert(Resources.fixture("lora-dialects/" + name + "/input"), to, "out"))
                .hasMessageStartingWith("unsupported-tensor:")
                .hasMessageContaining(part);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void anUnknownAlphaStaysUnknownAndOneThatIsGivenIsRecorded() throws IOException {
        Path source = Resources.fixture("lora-dialects/diffusers-no-alpha/input");
        assertThat(convert(source, LoraDialect.KOHYA, "a").adapter().recordsAlpha())
                .isFalse();
        LoraConversion.Result given = LoraConversion.convert(
                new LoraConversion.Request(source, LoraDialect.KOHYA, Optional.empty(), OptionalDouble.of(2)),
                folder.resolve("b"),
                false);
        assertThat(contents(given.file()))
                .isEqualTo(contents(Resources.fixture("lora-dialects/kohya-single/input/style_kohya.safetensors")));
    }

    /// PEFT finds the sizes of LoKr's matrices from its configuration alone, so that this has to be its own.
    @ParameterizedTest
    @ValueSource(strings = {"peft-loha", "peft-lokr"})
    void peftsOtherMethodsAreWrittenAsPeftWritesThem(String name) throws IOException {
        Path source = Resources.fixture("lora-dialects/" + name + "/input");
        LoraConversion.Result done = convert(source, LoraDialect.PEFT, "out");
        assertThat(done.exact()).isTrue();
        assertThat(contents(done.file())).isEqualTo(contents(source.resolve("adapter_model.safetensors")));
        JsonNode written = new ObjectMapper().readTree(Files.readString(folder.resolve("out/adapter_config.json")));
        JsonNode pefts = new ObjectMapper().readTree(Files.readString(source.resolve("adapter_config.json")));
        for (String field : List.of(
                "peft_type", "r", "alpha", "rank_pattern", "alpha_pattern", "decompose_both", "decompose_factor")) {
            assertThat(written.path(field)).as(field).isEqualTo(pefts.path(field));
        }
    }

    /// LyCORIS cuts 16 x 32 in other ways than PEFT's `factorization` does by itself.
    @ParameterizedTest
    @CsvSource({
        // factorization(16, 2) = (2, 8), factorization(32, 2) = (2, 16), rank 2 below 16 / 2
        "2, 2, 8, 16, 2, 2,  false",
        // the closest: factorization(16, -1) = (4, 4), factorization(32, -1) = (4, 8), rank 1 below 8 / 2
        "4, 4, 4, 8,  1, -1, false",
    })
    void theSettingsFromWhichPeftFindsLoKrsSizesAreWritten(
            int a, int b, int c, int d, int rank, int factor, boolean both) throws IOException {
        JsonNode json = new ObjectMapper()
                .readTree(Files.readString(convertLycoris(a, b, c, d, rank).resolveSibling("adapter_config.json")));
        assertThat(json.path("decompose_factor").asInt()).isEqualTo(factor);
        assertThat(json.path("decompose_both").asBoolean()).isEqualTo(both);
        assertThat(json.path("r").asInt()).isEqualTo(rank);
    }

    /// (2, 8) and (4, 8): no one factor gives both.
    @Test
    void sizesThatPeftWouldNotChooseAreRefused() {
        assertThatThrownBy(() -> convertLycoris(2, 4, 8, 8, 2))
                .hasMessageStartingWith("unsupported-tensor:")
                .hasMessageContaining("decompose_factor");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    private Path convertLycoris(int a, int b, int c, int d, int rank) throws IOException {
        String module = "lycoris_transformer_blocks_0_attn1_to_q.";
        Path file = new AdapterFiles()
                .with(module + "lokr_w1", a, b)
                .with(module + "lokr_w2_a", c, rank)
                .with(module + "lokr_w2_b", rank, d)
                .with(module + "alpha", new float[] {1})
                .write(folder.resolve("lycoris.safetensors"));
        return LoraConversion.convert(
                        new LoraConversion.Request(file, LoraDialect.PEFT, Optional.empty(), OptionalDouble.empty()),
                        folder.resolve("out"),
                        false)
                .file();
    }

    /// CogVideoX's own names tell where kohya's underscores were dots, whatever the sizes are.
    @Test
    void withoutABaseCogVideoXsOwnNamesDecide() throws IOException {
        LoraConversion.Result done = LoraConversion.convert(
                new LoraConversion.Request(
                        Resources.fixture("videoxfun-lora/output/checkpoint-3.safetensors"),
                        LoraDialect.DIFFUSERS,
                        Optional.empty(),
                        OptionalDouble.empty()),
                folder.resolve("out"),
                false);
        assertThat(done.adapter().layers().stream().map(LoraLayer::module))
                .contains("norm_out.linear", "time_embedding.linear_1", "transformer_blocks.0.attn1.to_out.0");
    }

    @Test
    void namesOfAnUnknownModelAreNotGuessed() throws IOException {
        Path file = new AdapterFiles()
                .with("lora_unet_blocks_0_self_attn_q.lora_down.weight", 2, 6)
                .with("lora_unet_blocks_0_self_attn_q.lora_up.weight", 6, 2)
                .write(folder.resolve("a.safetensors"));
        assertThatThrownBy(() -> LoraConversion.convert(
                        new LoraConversion.Request(
                                file, LoraDialect.DIFFUSERS, Optional.empty(), OptionalDouble.empty()),
                        folder.resolve("out"),
                        false))
                .hasMessageStartingWith("extra-tensor:")
                .hasMessageContaining("blocks_0_self_attn_q");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void whatIsThereIsReplacedOnlyWhenAskedAndPeftsIsAFolder() throws IOException {
        Path source = Resources.fixture("lora-dialects/diffusers/input");
        Files.createDirectories(folder.resolve("out"));
        Files.writeString(folder.resolve("out/adapter_config.json"), "{}");
        assertThatThrownBy(() -> convert(source, LoraDialect.PEFT, "out")).hasMessageStartingWith("output-refused:");
        assertThatThrownBy(() -> convert(source, LoraDialect.PEFT, "x.safetensors"))
                .hasMessageStartingWith("output-refused:");
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(folder.resolve("out"));
        }
    }

    private LoraConversion.Result convert(Path source, LoraDialect to, String output) throws IOException {
        return LoraConversion.convert(
                new LoraConversion.Request(
                        source, to, Optional.of(new LoraTarget.Model(BASE, Optional.empty())), OptionalDouble.empty()),
                folder.resolve(output),
                false);
    }

    private static Map<String, List<Object>> contents(Path file) {
        Map<String, List<Object>> contents = new TreeMap<>();
        TinySafetensors.read(file)
                .forEach((name, tensor) -> contents.put(
                        name, List.of(tensor.dtype(), tensor.shape(), ByteBuffer.wrap(bytes(tensor.bytes())))));
        return contents;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static Map<String, List<Float>> fused(Path adapter) throws IOException {
        Checkpoint fused = LoraFusion.fuse(
                Checkpoints.open(BASE.resolve("transformer"), SourceOptions.defaults()),
                List.of(new AppliedAdapter(LoraAdapter.open(adapter), 1, OptionalDouble.empty())),
                false);
        Map<String, List<Float>> values = new TreeMap<>();
        for (var entry : fused.entries()) {
            List<Float> list = new java.util.ArrayList<>();
            for (float value : AdapterFiles.values(entry.tensor())) {
                list.add(value);
            }
            values.put(entry.name(), list);
        }
        return values;
    }
}
