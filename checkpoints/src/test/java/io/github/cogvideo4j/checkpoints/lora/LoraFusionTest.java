package io.github.cogvideo4j.checkpoints.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.LowRank;
import io.github.cogvideo4j.checkpoints.internal.verify.FolderVerification;
import io.github.cogvideo4j.checkpoints.internal.verify.SourceComparison;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Fused weights against what diffusers and PEFT made of the same files, and against the model that was
/// trained.
class LoraFusionTest {
    private static final double UNIT = Math.scalb(1.0, -24);

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "lora-ddp-bf16-w2,       output/checkpoint-3, 1,   0,  fused-1.0",
        "lora-ddp-bf16-w2,       output/checkpoint-3, 0.5, 0,  fused-0.5",
        "lora-ddp-bf16-w2,       output/checkpoint-3, 1,   4,  live-merged.safetensors",
        "lora-zero2-bf16-w2,     output/checkpoint-3, 1,   0,  fused-1.0",
        "lora-zero2-bf16-w2,     output/checkpoint-3, 0.5, 0,  fused-0.5",
        "lora-alpha-ddp-bf16-w2, output/checkpoint-3, 1,   0,  fused-1.0",
        "lora-alpha-ddp-bf16-w2, output/checkpoint-3, 0.5, 0,  fused-0.5",
        "lora-alpha-ddp-bf16-w2, output/checkpoint-3, 1,   16, fused-alpha-over-rank",
        "lora-alpha-ddp-bf16-w2, output/checkpoint-3, 1,   16, live-merged.safetensors",
        "lora-alpha-ddp-bf16-w2, variant-metadata,    1,   0,  fused-variant-metadata-1.0",
        "lora-alpha-ddp-bf16-w2, variant-metadata,    1,   0,  live-merged.safetensors",
        "lora-alpha-ddp-bf16-w2, variant-alphakeys,   1,   0,  live-merged.safetensors",
    })
    void fusedWeightsAreTheReferences(String fixture, String adapter, double scale, double alpha, String reference)
            throws IOException {
        Path expected = Resources.fixture(fixture + "/reference/" + reference);
        if (Files.isDirectory(expected)) {
            expected = expected.resolve("diffusion_pytorch_model.safetensors");
        }
        AppliedAdapter applied = new AppliedAdapter(
                LoraAdapter.open(Resources.fixture(fixture + "/" + adapter)),
                scale,
                alpha == 0 ? OptionalDouble.empty() : OptionalDouble.of(alpha));
        requireFused(base(fixture), applied, expected);
    }

    /// DeepSpeed trains on a base in bf16 and keeps the adapter in fp32: both together are the trained model.
    @Test
    void theAdapterOfATrainingStateGivesTheTrainedModel() throws IOException {
        Path fixture = Resources.fixture("lora-zero2-bf16-w2");
        Path base = folder.resolve("base");
        Converter.convert(
                ConversionPlanner.plan(base("lora-zero2-bf16-w2"), base, Optional.empty(), options(TargetDType.BF16)),
                JobControl.none());
        Path adapter = LoraExport.export(
                        new LoraExport.Request(
                                fixture.resolve("output/checkpoint-3"),
                                SourceOptions.defaults(),
                                Optional.empty(),
                                OptionalDouble.of(4)),
                        folder.resolve("lora"),
                        false)
                .file();
        requireFused(
                Checkpoints.open(base.resolve("transformer"), SourceOptions.defaults()),
                new AppliedAdapter(LoraAdapter.open(adapter), 1, OptionalDouble.empty()),
                fixture.resolve("reference/live-merged.safetensors"));
    }

    private static void requireFused(Checkpoint base, AppliedAdapter applied, Path expected) throws IOException {
        Checkpoint fused = LoraFusion.fuse(base, List.of(applied), false);
        Map<String, TinySafetensors.Tensor> tensors = TinySafetensors.read(expected);
        assertThat(fused.entries().stream().map(StateEntry::name))
                .containsExactlyInAnyOrderElementsOf(tensors.keySet());
        int adapted = 0;
        for (int i = 0; i < base.entries().size(); i++) {
            String name = base.entries().get(i).name();
            float[] weight = AdapterFiles.values(base.entries().get(i).tensor());
            float[] found = AdapterFiles.values(fused.entries().get(i).tensor());
            float[] wanted = new float[found.length];
            tensors.get(name).bytes().asFloatBuffer().get(wanted);
            LowRank layer = factors(applied.adapter(), name);
            if (layer == null) {
                assertThat(found).as(name).isEqualTo(wanted).isEqualTo(weight);
            } else {
                adapted++;
                assertThat(found).as(name).isEqualTo(wanted);
            }
        }
        assertThat(adapted).isEqualTo(8);
    }

    static LowRank factors(LoraAdapter adapter, String weight) {
        AdaptedModule module = adapter.content().modules().get(weight.replaceFirst("\\.weight$", ""));
        return module == null ? null : (LowRank) module.weight().getFirst().delta();
    }

    /// Within (rank + 2) roundings of the sums of magnitudes: what two orders of summing can differ by.
    static void requireClose(String name, float[] found, float[] wanted, float[] weight, LowRank layer, double factor)
            throws IOException {
        float[] a = AdapterFiles.values(layer.a());
        float[] b = AdapterFiles.values(layer.b());
        int rank = layer.rank();
        int columns = (int) layer.in();
        for (int i = 0; i < found.length; i++) {
            double magnitude = Math.abs(weight[i]);
            for (int k = 0; k < rank; k++) {
                magnitude += Math.abs(factor * b[i / columns * rank + k] * a[k * columns + i % columns]);
            }
            assertThat(Math.abs((double) found[i] - wanted[i]))
                    .as("%s at %d", name, i)
                    .isLessThanOrEqualTo((rank + 2) * UNIT * magnitude);
        }
    }

    @Test
    void severalAdaptersAddUp() throws IOException {
        LoraAdapter adapter = LoraAdapter.open(Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3"));
        Checkpoint base = base("lora-ddp-bf16-w2");
        Checkpoint twice = LoraFusion.fuse(
                base,
                List.of(
                        new AppliedAdapter(adapter, 0.75, OptionalDouble.empty()),
                        new AppliedAdapter(adapter, -0.25, OptionalDouble.empty())),
                true);
        Checkpoint once =
                LoraFusion.fuse(base, List.of(new AppliedAdapter(adapter, 0.5, OptionalDouble.empty())), true);
        for (int i = 0; i < base.entries().size(); i++) {
            assertThat(AdapterFiles.values(twice.entries().get(i).tensor()))
                    .containsExactly(
                            AdapterFiles.values(once.entries().get(i).tensor()),
                            org.assertj.core.data.Offset.offset(1e-6f));
        }
        assertThat(twice.adapters()).hasSize(2);
    }

    /// Rows longer than a block, and a rank that is no multiple of the rows that are added together.
    @ParameterizedTest
    @CsvSource({"3, 200000, 3", "300, 700, 7", "5, 131072, 1", "129, 1025, 9"})
    void everyPartOfALargeWeightIsFused(int rows, int columns, int rank) throws IOException {
        AdapterFiles files = new AdapterFiles()
                .with("proj_out.weight", rows, columns)
                .with("proj_out.lora_A.weight", rank, columns)
                .with("proj_out.lora_B.weight", rows, rank);
        Path weights = new AdapterFiles()
                .with("proj_out.weight", files.get("proj_out.weight"), rows, columns)
                .write(folder.resolve("base/diffusion_pytorch_model.safetensors"));
        Path adapter = new AdapterFiles()
                .with("proj_out.lora_A.weight", files.get("proj_out.lora_A.weight"), rank, columns)
                .with("proj_out.lora_B.weight", files.get("proj_out.lora_B.weight"), rows, rank)
                .write(folder.resolve("lora.safetensors"));
        Checkpoint fused = LoraFusion.fuse(
                Checkpoints.open(weights, SourceOptions.defaults()),
                List.of(new AppliedAdapter(LoraAdapter.open(adapter), 0.3, OptionalDouble.empty())),
                true);
        float[] found = AdapterFiles.values(fused.entries().getFirst().tensor());
        float[] w = files.get("proj_out.weight");
        float[] a = files.get("proj_out.lora_A.weight");
        float[] b = files.get("proj_out.lora_B.weight");
        for (int i = 0; i < found.length; i++) {
            float sum = 0;
            for (int k = 0; k < rank; k++) {
                sum = Math.fma(b[i / columns * rank + k], a[k * columns + i % columns], sum);
            }
            float wanted = w[i] + 0.3f * sum;
            if (found[i] != wanted) {
                assertThat(found[i]).as("element %d", i).isEqualTo(wanted);
            }
        }
    }

    @Test
    void theResultIsAFolderThatCanBeVerified() throws IOException {
        Checkpoint fused = fuseSample(OptionalDouble.of(16));
        Path output = folder.resolve("model");
        ConversionOptions options = options(TargetDType.BF16);
        BaseModel base = BaseModel.read(Resources.fixture("lora-alpha-ddp-bf16-w2/base"));
        Converter.convert(ConversionPlanner.plan(fused, output, Optional.of(base), options), JobControl.none());
        assertThat(FolderVerification.verify(output, true, 2, JobControl.none()).problems())
                .isEmpty();
        assertThat(SourceComparison.compare(output.resolve("transformer"), fused, 2, JobControl.none()))
                .isEmpty();
        assertThat(SourceComparison.compare(
                        output.resolve("transformer"), fuseSample(OptionalDouble.of(8)), 2, JobControl.none()))
                .hasSize(8);
        assertThat(ManifestJson.read(output).source().adapters())
                .singleElement()
                .satisfies(adapter -> {
                    assertThat(adapter.scale()).isEqualTo(1);
                    assertThat(adapter.alpha()).hasValue(16);
                    assertThat(adapter.path()).endsWith("pytorch_lora_weights.safetensors");
                });
    }

    @Test
    void theOutputMayNotSwallowTheAdapter() throws IOException {
        Path output = folder.resolve("model");
        Path adapter =
                Resources.copy(Resources.fixture("lora-alpha-ddp-bf16-w2/variant-metadata"), output.resolve("adapter"));
        Files.writeString(output.resolve("cogvideo4j.json"), "{}");
        Checkpoint fused = LoraFusion.fuse(
                base("lora-alpha-ddp-bf16-w2"),
                List.of(new AppliedAdapter(LoraAdapter.open(adapter), 1, OptionalDouble.empty())),
                true);
        ConversionOptions options = options(TargetDType.SOURCE);
        assertThatThrownBy(() -> ConversionPlanner.plan(fused, output, Optional.empty(), options))
                .hasMessageContaining("output-refused");
        assertThat(adapter).isNotEmptyDirectory();
    }

    @Test
    void anUnknownAlphaIsSaidLoudlyAndAKnownOneIsNot() throws IOException {
        assertThat(codes(fuseSample(OptionalDouble.empty()).warnings())).contains(ProblemCode.LORA_ALPHA);
        assertThat(codes(fuseSample(OptionalDouble.of(16)).warnings())).doesNotContain(ProblemCode.LORA_ALPHA);
    }

    @Test
    void theTrainingsConfigurationBesideTheAdapterIsQuoted() throws IOException {
        Path run = folder.resolve("run");
        Resources.copy(Resources.fixture("lora-alpha-ddp-bf16-w2/output/checkpoint-3"), run.resolve("checkpoint-3"));
        Files.writeString(run.resolve("train.sh"), "accelerate launch train.py --rank 4 --lora_alpha 16 \\\n");
        Checkpoint fused = LoraFusion.fuse(
                base("lora-alpha-ddp-bf16-w2"),
                List.of(new AppliedAdapter(LoraAdapter.open(run.resolve("checkpoint-3")), 1, OptionalDouble.empty())),
                true);
        assertThat(fused.warnings())
                .anySatisfy(warning -> assertThat(warning.message().text()).contains("train.sh", "lora_alpha 16"));
    }

    @Test
    void anAdapterOfAnotherModelIsRefusedByName() throws IOException {
        AppliedAdapter other = new AppliedAdapter(
                LoraAdapter.open(Resources.golden("lora/t2v-5b_r4.safetensors")), 1, OptionalDouble.empty());
        Checkpoint base = base("lora-ddp-bf16-w2");
        assertThatThrownBy(() -> LoraFusion.fuse(base, List.of(other), true))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageContaining("shape-mismatch")
                .hasMessageContaining("attn1.to_");
        Path file = new AdapterFiles()
                .with("other_blocks.7.to_q.lora_A.weight", 2, 4)
                .with("other_blocks.7.to_q.lora_B.weight", 4, 2)
                .write(folder.resolve("lora.safetensors"));
        AppliedAdapter foreign = new AppliedAdapter(LoraAdapter.open(file), 1, OptionalDouble.empty());
        assertThatThrownBy(() -> LoraFusion.fuse(base, List.of(foreign), true))
                .hasMessageContaining("extra-tensor")
                .hasMessageContaining("other_blocks.7.to_q");
    }

    /// Two modules whose names differ in dots and underscores only are one name to kohya.
    @Test
    @Attack(
            name = "adapter-collision",
            tries = "a name that means either of two modules once dots are underscores",
            fails = "names are looked up among the model's, and two hits are refused")
    void namesThatCollideAfterUnderscoresAreRefused() throws IOException {
        Path weights = new AdapterFiles()
                .with("a.b_c.weight", 6, 6)
                .with("a_b.c.weight", 6, 6)
                .write(folder.resolve("base/diffusion_pytorch_model.safetensors"));
        Path adapter = new AdapterFiles()
                .with("lora_unet_a_b_c.lora_down.weight", 2, 6)
                .with("lora_unet_a_b_c.lora_up.weight", 6, 2)
                .write(folder.resolve("lora.safetensors"));
        AppliedAdapter applied = new AppliedAdapter(LoraAdapter.open(adapter), 1, OptionalDouble.empty());
        Checkpoint base = Checkpoints.open(weights, SourceOptions.defaults());
        assertThatThrownBy(() -> LoraFusion.fuse(base, List.of(applied), true))
                .hasMessageStartingWith("ambiguous-weights:")
                .hasMessageContaining("a.b_c, a_b.c");
    }

    /// The same module under two names, and a tensor that two adapters replace.
    @Test
    void whatWouldBeDoneTwiceIsRefused() throws IOException {
        Path twice = new AdapterFiles()
                .with("lora_unet_proj_out.lora_down.weight", 2, 6)
                .with("lora_unet_proj_out.lora_up.weight", 6, 2)
                .with("proj_out.lora_A.weight", 2, 6)
                .with("proj_out.lora_B.weight", 6, 2)
                .write(folder.resolve("lora.safetensors"));
        assertThatThrownBy(() -> LoraAdapter.open(twice)).hasMessageStartingWith("duplicate-weights:");

        AppliedAdapter whole = new AppliedAdapter(
                LoraAdapter.open(Resources.fixture("lora-dialects/peft-modules-to-save/input")),
                1,
                OptionalDouble.empty());
        Checkpoint dialects =
                Checkpoints.open(Resources.fixture("lora-dialects/base/transformer"), SourceOptions.defaults());
        assertThatThrownBy(() -> LoraFusion.fuse(dialects, List.of(whole, whole), true))
                .hasMessageStartingWith("duplicate-weights:")
                .hasMessageContaining("proj_out");
    }

    /// Kinds of change whose sizes do not fit what they would change.
    @ParameterizedTest
    @CsvSource({
        "proj_out.diff,             '6, 7'",
        "proj_out.diff_b,           '7'",
        "proj_out.dora_scale,       '7, 1'",
    })
    void aChangeOfAnotherSizeIsRefused(String name, String sizes) throws IOException {
        Path weights = new AdapterFiles()
                .with("proj_out.weight", 6, 6)
                .with("proj_out.bias", 6)
                .write(folder.resolve("base/diffusion_pytorch_model.safetensors"));
        long[] shape = java.util.Arrays.stream(sizes.split(", ", -1))
                .mapToLong(Long::parseLong)
                .toArray();
        Path file = new AdapterFiles()
                .with("proj_out.lora_A.weight", 2, 6)
                .with("proj_out.lora_B.weight", 6, 2)
                .with(name, shape)
                .write(folder.resolve("lora.safetensors"));
        Checkpoint base = Checkpoints.open(weights, SourceOptions.defaults());
        AppliedAdapter applied = new AppliedAdapter(LoraAdapter.open(file), 1, OptionalDouble.empty());
        assertThatThrownBy(() -> LoraFusion.fuse(base, List.of(applied), true))
                .hasMessageStartingWith("shape-mismatch:");
    }

    private Checkpoint fuseSample(OptionalDouble alpha) throws IOException {
        LoraAdapter adapter = LoraAdapter.open(Resources.fixture("lora-alpha-ddp-bf16-w2/output/checkpoint-3"));
        return LoraFusion.fuse(base("lora-alpha-ddp-bf16-w2"), List.of(new AppliedAdapter(adapter, 1, alpha)), false);
    }

    private static Checkpoint base(String fixture) throws IOException {
        return Checkpoints.open(Resources.fixture(fixture + "/base/transformer"), SourceOptions.defaults());
    }

    private static List<ProblemCode> codes(List<Problem> problems) {
        return problems.stream().map(Problem::code).toList();
    }

    private static ConversionOptions options(TargetDType dtype) {
        return ConversionOptions.defaults().withDType(dtype).withOverwrite(true).withVerify(true);
    }
}
