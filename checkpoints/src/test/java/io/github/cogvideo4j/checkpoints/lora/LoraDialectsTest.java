package io.github.cogvideo4j.checkpoints.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Adapters in every dialect, as trainers and tools wrote them, against what PEFT, diffusers and the trainers made
/// of them.
class LoraDialectsTest {
    private static final float TOLERANCE = 1e-6f;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "diffusers,                1.0, 0,  ../reference/fused-1.0, 14",
        "diffusers,                0.5, 0,  ../reference/fused-0.5, 14",
        "diffusers-lora-config,    1.0, 0,  ../reference/fused-1.0, 14",
        "diffusers-lora-config,    0.5, 0,  ../reference/fused-0.5, 14",
        "diffusers-no-alpha,       1.0, 2,  ../reference/fused-1.0, 14",
        "diffusers-no-alpha,       0.5, 2,  ../reference/fused-0.5, 14",
        "comfy-lora-ab,            1.0, 0,  ../reference/fused-1.0, 14",
        "comfy-lora-ab,            0.5, 0,  ../reference/fused-0.5, 14",
        "comfy-updown,             1.0, 0,  ../reference/fused-1.0, 14",
        "comfy-updown,             0.5, 0,  ../reference/fused-0.5, 14",
        "kohya-single,             1.0, 0,  ../reference/fused-1.0, 14",
        "kohya-single,             0.5, 0,  ../reference/fused-0.5, 14",
        "kohya-double,             1.0, 0,  ../reference/fused-1.0, 14",
        "kohya-double,             0.5, 0,  ../reference/fused-0.5, 14",
        "kohya-te,                 1.0, 0,  ../reference/fused-1.0, 14",
        "peft-folder,              1.0, 0,  ../reference/fused-1.0, 14",
        "peft-folder,              0.5, 0,  ../reference/fused-0.5, 14",
        "old-diffusers-processor,  1.0, 0,  reference/fused-1.0,    8",
        "old-diffusers-processor,  0.5, 0,  reference/fused-0.5,    8",
        "peft-conv-patch-embed,    1.0, 0,  reference/fused-1.0,    4",
        "peft-conv-patch-embed,    0.5, 0,  reference/fused-0.5,    4",
        "peft-rank-pattern,        1.0, 0,  reference/fused-1.0,    14",
        "peft-rank-pattern,        0.5, 0,  reference/fused-0.5,    14",
        "peft-rslora,              1.0, 0,  reference/fused-1.0,    8",
        "peft-rslora,              0.5, 0,  reference/fused-0.5,    8",
        "peft-dora,                1.0, 0,  reference/fused-1.0,    8",
        "peft-dora,                0.5, 0,  reference/fused-0.5,    8",
        "kohya-dora,               1.0, 0,  ../peft-dora/reference/fused-1.0, 8",
        "peft-loha,                1.0, 0,  reference/fused-1.0,    8",
        "peft-loha,                0.5, 0,  reference/fused-0.5,    8",
        "peft-lokr,                1.0, 0,  reference/fused-1.0,    8",
        "peft-lokr,                0.5, 0,  reference/fused-0.5,    8",
        "peft-lora-bias,           1.0, 0,  reference/fused-1.0,    8",
        "peft-lora-bias,           0.5, 0,  reference/fused-0.5,    8",
        "peft-bias-all,            1.0, 0,  reference/fused-1.0,    8",
        "peft-bias-all,            0.5, 0,  reference/fused-0.5,    8",
        "peft-modules-to-save,     1.0, 0,  reference/fused-1.0,    9",
        "peft-modules-to-save,     0.5, 0,  reference/fused-0.5,    9",
        "comfy-diff,               1.0, 0,  reference/fused-1.0,    16",
        "comfy-diff,               0.5, 0,  reference/fused-0.5,    16",
    })
    void everyDialectFusesToTheReference(String name, double scale, double alpha, String reference, int modules)
            throws IOException {
        Path fixture = Resources.fixture("lora-dialects/" + name);
        Checkpoint fused = fuse(Resources.fixture("lora-dialects/base"), fixture.resolve("input"), scale, alpha);
        requireReference(fused, Resources.fixture("lora-dialects/base"), fixture.resolve(reference + ".safetensors"));
        assertThat(texts(fused)).contains("bound %d of %d modules".formatted(modules, modules));
    }

    @ParameterizedTest
    @CsvSource({
        "videoxfun-lora,        output/checkpoint-3.safetensors, 1.0, 0, fused-1.0",
        "videoxfun-lora,        output,                          0.5, 0, fused-0.5",
        "videoxfun-lora-state,  output/checkpoint-2,             1.0, 0, fused-1.0",
        "videoxfun-lora-state,  output,                          0.5, 0, fused-0.5",
        "videoxfun-lora-peft,   output/checkpoint-3.safetensors, 1.0, 0, fused-1.0",
        "videoxfun-lora-peft,   output,                          0.5, 0, fused-0.5",
        "videoxfun-lora-peft,   output/checkpoint-3-compatible_with_comfyui.safetensors, 1.0, 2, fused-trained",
        "cogkit-lora-w2,        output/checkpoint-2,             1.0, 4, fused-alpha",
        "cogkit-lora-w2,        merged,                          1.0, 4, fused-alpha",
        "cogkit-qlora-w1,       output/checkpoint-2,             1.0, 2, fused-alpha",
        "cogkit-qlora-w1,       output,                          1.0, 2, fused-alpha",
        "finetrainers-lora-run, output/lora_weights/000020,      1.0, 0, fused-1.0",
        "finetrainers-lora-run, output/lora_weights,             0.5, 0, fused-0.5",
        "finetrainers-lora-run, output,                          1.0, 0, fused-1.0",
        "diffusion-pipe-lora-w2, output/20260101_12-00-00,       1.0, 0, fused-1.0",
        "diffusion-pipe-lora-w2, output/20260101_12-00-00/epoch2, 0.5, 0, fused-0.5",
    })
    void everyTrainersAdapterFusesToTheReference(
            String name, String adapter, double scale, double alpha, String reference) throws IOException {
        Path fixture = Resources.fixture(name);
        Checkpoint fused = fuse(fixture.resolve("base"), fixture.resolve(adapter), scale, alpha);
        requireReference(fused, fixture.resolve("base"), fixture.resolve("reference/" + reference + ".safetensors"));
    }

    @Test
    void aChangeThatIsStrongerThanTheWeightsIsToldWithItsNumber() throws IOException {
        Path fixture = Resources.fixture("lora-dialects/too-strong");
        Checkpoint fused = fuse(Resources.fixture("lora-dialects/base"), fixture.resolve("input"), 1, 0);
        requireReference(
                fused,
                Resources.fixture("lora-dialects/base"),
                fixture.resolve("reference/fused-1.0.safetensors"),
                1e-5f);
        LoraFusion.Strength strength = LoraFusion.strength(fused, 2).orElseThrow();
        assertThat(strength.ratio()).isCloseTo(3, within(0.01));
        assertThat(strength.problem(fixture)).hasValueSatisfying(problem -> {
            assertThat(problem.message().text(Locale.ENGLISH)).contains("3.0");
            assertThat(problem.message().text(Locale.CHINESE)).contains("3.0");
        });
        Checkpoint weak =
                fuse(Resources.fixture("lora-dialects/base"), Resources.fixture("lora-dialects/diffusers/input"), 1, 0);
        assertThat(LoraFusion.strength(weak, 2).orElseThrow().problem(fixture)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "half-unbound,      bound 7 of 14, at least 42 blocks",
        "kohya-one-unknown, bound 14 of 15, transformer_blocks_9_attn1_to_q",
    })
    void whatIsNotBoundWholeIsRefusedByName(String name, String bound, String more) {
        assertThatThrownBy(() -> fuse(
                        Resources.fixture("lora-dialects/base"),
                        Resources.fixture("lora-dialects/" + name + "/input"),
                        1,
                        0))
                .hasMessageStartingWith("extra-tensor:")
                .hasMessageContaining(bound)
                .hasMessageContaining(more);
    }

    @Test
    void anAdapterThatWasTrainedOnAnotherKindOfModelIsToldApart() throws IOException {
        Path fixture = Resources.fixture("lora-dialects/i2v-on-15");
        Checkpoint fused = fuse(fixture.resolve("base"), fixture.resolve("input"), 1, 0);
        assertThat(fused.warnings())
                .filteredOn(warning -> warning.code() == ProblemCode.WRONG_COMPONENT)
                .singleElement()
                .satisfies(warning ->
                        assertThat(warning.message().text()).contains("THUDM/CogVideoX-5b-I2V", "CogVideoX1.5"));
    }

    @Test
    void theTextEncodersPartIsNamed() throws IOException {
        LoraAdapter adapter = LoraAdapter.open(Resources.fixture("lora-dialects/kohya-te/input"));
        assertThat(adapter.skipped()).hasSize(3).allMatch(name -> name.startsWith("lora_te_"));
        assertThat(adapter.warnings()).extracting(Problem::code).containsExactly(ProblemCode.EXTRA_TENSOR);
    }

    @ParameterizedTest
    @CsvSource({
        "lora-dialects/diffusers/input, diffusers",
        "lora-dialects/peft-dora/input, peft",
        "lora-dialects/kohya-double/input, kohya",
        "lora-dialects/comfy-updown/input, comfyui",
        "lora-dialects/old-diffusers-processor/input, diffusers-processor",
        "cogkit-qlora-w1/output/checkpoint-2, bare",
        "cogkit-lora-w2/output/checkpoint-2, bare",
    })
    void theDialectIsNamed(String adapter, String dialect) throws IOException {
        assertThat(LoraAdapter.open(Resources.fixture(adapter)).dialect()).isEqualTo(dialect);
    }

    /// ComfyUI and kohya's scripts use the names of Wan's own repository, which diffusers renamed.
    @ParameterizedTest
    @CsvSource({
        "diffusion_model., .lora_A.weight,    .lora_B.weight,  false",
        "lora_unet_,       .lora_down.weight, .lora_up.weight, true",
    })
    void namesOfWansOwnRepositoryAreBound(String prefix, String a, String b, boolean flattened) throws IOException {
        Path fixture = Resources.fixture("any-lora-wan21-zero2-bf16-w2");
        Path saved = fixture.resolve("output/checkpoint-3/pytorch_lora_weights.safetensors");
        AdapterFiles files = new AdapterFiles();
        TinySafetensors.read(saved).forEach((name, tensor) -> {
            boolean first = name.endsWith(".lora_A.weight");
            String module =
                    original(name.replaceFirst("^transformer\\.", "").replaceFirst("\\.lora_[AB]\\.weight$", ""));
            files.with(
                    prefix + (flattened ? module.replace('.', '_') : module) + (first ? a : b),
                    AdapterFiles.values(tensor),
                    tensor.shape().toArray());
        });
        Path renamed = files.write(folder.resolve("wan.safetensors"));
        Checkpoint expected = fuse(fixture.resolve("base"), saved, 1, 6);
        Checkpoint found = fuse(fixture.resolve("base"), renamed, 1, 6);
        assertThat(texts(found)).contains("bound 20 of 20 modules");
        for (int i = 0; i < expected.entries().size(); i++) {
            assertThat(AdapterFiles.values(found.entries().get(i).tensor()))
                    .as(expected.entries().get(i).name())
                    .isEqualTo(AdapterFiles.values(expected.entries().get(i).tensor()));
        }
    }

    private static String original(String module) {
        return module.replace("attn1.", "self_attn.")
                .replace("attn2.", "cross_attn.")
                .replace("to_out.0", "o")
                .replaceFirst("\\.to_([qkv])$", ".$1")
                .replace("ffn.net.0.proj", "ffn.0")
                .replace("ffn.net.2", "ffn.2");
    }

    /// Other families, against what diffusers made of the same files.
    @ParameterizedTest
    @CsvSource({
        "any-lora-wan21-zero2-bf16-w2,       transformer,   20",
        "any-lora-flux-ddp-bf16-w2,          transformer,   16",
        "any-lora-wan22-second-ddp-bf16-w2,  transformer_2, 8",
    })
    void otherFamiliesFuseToTheReference(String name, String component, int modules) throws IOException {
        Path fixture = Resources.fixture(name);
        LoraAdapter adapter = LoraAdapter.open(fixture.resolve("output/checkpoint-3"));
        LoraTarget target = LoraTarget.choose(fixture.resolve("base"), List.of(adapter), Optional.of(component));
        Checkpoint fused = LoraFusion.fuse(
                target.weights(), List.of(new AppliedAdapter(adapter, 1, OptionalDouble.empty())), true);
        assertThat(texts(fused)).contains("bound %d of %d modules".formatted(modules, modules));
        Map<String, TinySafetensors.Tensor> expected =
                TinySafetensors.read(fixture.resolve("reference/fused-1.0/diffusion_pytorch_model.safetensors"));
        for (StateEntry entry : fused.entries()) {
            assertThat(AdapterFiles.values(entry.tensor()))
                    .as(entry.name())
                    .isEqualTo(AdapterFiles.values(expected.get(entry.name())));
        }
    }

    private static Checkpoint fuse(Path base, Path adapter, double scale, double alpha) throws IOException {
        return LoraFusion.fuse(
                Checkpoints.open(base.resolve("transformer"), SourceOptions.defaults()),
                List.of(new AppliedAdapter(
                        LoraAdapter.open(adapter),
                        scale,
                        alpha == 0 ? OptionalDouble.empty() : OptionalDouble.of(alpha))),
                false);
    }

    /// Whether the product has fewer than eight columns, or so many pixels of a kernel. There libtorch sums
    /// differently from processor to processor (MKL has fused multiply-adds for them on AVX-512, and none or other
    /// orders on AVX2), so that only the fixtures' tolerance can be held to.
    private static boolean isNarrow(Shape shape) {
        return shape.rank() == 2 ? shape.size(1) < 8 : shape.rank() == 4 && shape.size(2) * shape.size(3) < 8;
    }

    private static String texts(Checkpoint fused) {
        StringBuilder texts = new StringBuilder();
        fused.warnings()
                .forEach(warning ->
                        texts.append(warning.message().text(Locale.ENGLISH)).append('\n'));
        return texts.toString();
    }

    private static void requireReference(Checkpoint fused, Path base, Path reference) throws IOException {
        requireReference(fused, base, reference, TOLERANCE);
    }

    /// A reference holds all tensors, or only those that change: then the others are the base's to the bit.
    private static void requireReference(Checkpoint fused, Path base, Path reference, float tolerance)
            throws IOException {
        Map<String, TinySafetensors.Tensor> expected = TinySafetensors.read(reference);
        Checkpoint untouched = Checkpoints.open(base.resolve("transformer"), SourceOptions.defaults());
        assertThat(fused.entries().stream().map(StateEntry::name).toList()).containsAll(expected.keySet());
        for (int i = 0; i < fused.entries().size(); i++) {
            StateEntry entry = fused.entries().get(i);
            float[] found = AdapterFiles.values(entry.tensor());
            TinySafetensors.Tensor wanted = expected.get(entry.name());
            if (wanted == null) {
                assertThat(found)
                        .as(entry.name())
                        .isEqualTo(
                                AdapterFiles.values(untouched.entries().get(i).tensor()));
                continue;
            }
            float[] values = AdapterFiles.values(wanted);
            if (!isNarrow(entry.tensor().shape())) {
                assertThat(found).as(entry.name()).isEqualTo(values);
                continue;
            }
            assertThat(found).as(entry.name()).hasSameSizeAs(values);
            for (int k = 0; k < found.length; k++) {
                assertThat(Math.abs(found[k] - values[k]))
                        .as("%s at %d: %s, not %s", entry.name(), k, found[k], values[k])
                        .isLessThanOrEqualTo(tolerance);
            }
        }
    }
}
