package io.github.cogvideo4j.checkpoints.inspect.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison.Histogram;
import io.github.cogvideo4j.checkpoints.inspect.compare.ComparisonPage.Percent;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.TensorPosition;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/// Comparisons against what the fixtures' makers measured, in fp32 with torch, and against torch in fp64.
class ComparisonTest {
    /// The makers summed in fp32.
    private static final Percentage FP32_SUMS = Percentage.withPercentage(1e-4);

    private static Comparison compare(Path model, Path base) throws IOException {
        return ModelComparer.compare(
                ModelComparer.open(model, SourceOptions.defaults()),
                ModelComparer.open(base, SourceOptions.defaults()),
                2,
                JobControl.none());
    }

    @ParameterizedTest
    @CsvSource({"sample-t2v-2b,t2v-2b", "sample-i2v-5b,i2v-5b"})
    void aTrainingChangedWhatItsMakersMeasured(String sample, String pipeline) throws IOException {
        JsonNode json =
                JsonFile.readObject(Resources.fixture(sample + "/case.json"), 1 << 20, ProblemCode.CONFIG_INVALID);
        JsonNode expected = json.get("weights_changed");
        Path checkpoint =
                Resources.fixture(sample).resolve(json.get("checkpoints").get(0).stringValue());

        Comparison comparison = compare(checkpoint, Resources.golden("pipelines/" + pipeline));

        // The makers left out what was not trained: the table of positions, a buffer.
        ValueChange trained = Comparison.sum(comparison.mostChanged());
        assertThat(trained.relative())
                .isCloseTo(expected.get("relative_norm_of_change").doubleValue(), FP32_SUMS);
        assertThat(comparison.mostChanged().getFirst().relative())
                .isCloseTo(expected.get("largest_tensor").doubleValue(), FP32_SUMS);
        assertThat(comparison.leastChanged().orElseThrow().relative())
                .isCloseTo(expected.get("smallest_tensor").doubleValue(), FP32_SUMS);
        assertThat((double) trained.changedInBf16() / trained.elements())
                .isCloseTo(
                        expected.get("share_of_values_whose_bf16_differs_from_base")
                                .doubleValue(),
                        within(1e-12));
        assertThat(comparison.tensors()).hasSize(json.get("tensor_count").intValue());
        assertThat(comparison.total().elements()).isEqualTo(json.get("numel").longValue());
        assertThat(comparison.onlyInModel()).isEmpty();
        assertThat(comparison.onlyInBase()).isEmpty();
    }

    /// torch: `(model.double() - base.double()).norm() / base.double().norm()`, square roots of the sums over
    /// all.
    @ParameterizedTest
    @CsvSource({
        "reference/fp32-safe/model.safetensors, 0.04192176834950384, norm_out.norm.bias, 0.09241790708309555, "
                + "transformer_blocks.1.attn1.norm_k.weight, 0.004111626929310147",
        "reference/bf16-safe/diffusion_pytorch_model.safetensors, 0.0419516568799529, norm_out.norm.bias, "
                + "0.09200878041711447, transformer_blocks.1.attn1.norm_q.weight, 0.0039751041068664715"
    })
    void theNumbersAreThoseOfTorchInDouble(
            String file, double total, String largest, double most, String smallest, double least) throws IOException {
        Comparison comparison =
                compare(Resources.fixture("sample-t2v-2b/" + file), Resources.golden("pipelines/t2v-2b"));
        Percentage rounding = Percentage.withPercentage(1e-9);
        assertThat(comparison.total().relative()).isCloseTo(total, rounding);
        assertThat(comparison.mostChanged().getFirst().name()).isEqualTo(largest);
        assertThat(comparison.mostChanged().getFirst().relative()).isCloseTo(most, rounding);
        assertThat(comparison.leastChanged().orElseThrow().name()).isEqualTo(smallest);
        assertThat(comparison.leastChanged().orElseThrow().relative()).isCloseTo(least, rounding);
    }

    @Test
    void aModelComparedWithItselfDidNotChange() throws IOException {
        Path base = Resources.golden("pipelines/t2v-2b");
        Comparison comparison = compare(base, base);
        assertThat(comparison.unchanged()).isEqualTo(comparison.tensors().size());
        assertThat(comparison.total().relative()).isZero();
        assertThat(comparison.total().largest()).isZero();
        assertThat(comparison.mostChanged()).isEmpty();
        assertThat(Histogram.of(comparison.tensors()).bins()).isEmpty();
    }

    /// Squares add up, however tensors are grouped.
    @Test
    void theGroupsMakeUpTheWhole() throws IOException {
        Comparison comparison =
                compare(Resources.fixture("sample-t2v-2b/output/checkpoint-3"), Resources.golden("pipelines/t2v-2b"));
        double total = comparison.total().differenceSquares();
        double kinds = comparison.kinds().values().stream()
                .mapToDouble(ValueChange::differenceSquares)
                .sum();
        double blocks = comparison.blocks().values().stream()
                .flatMap(list -> list.values().stream())
                .flatMap(block -> block.values().stream())
                .mapToDouble(ValueChange::differenceSquares)
                .sum();
        double around = comparison.outside().values().stream()
                .mapToDouble(ValueChange::differenceSquares)
                .sum();
        assertThat(kinds).isCloseTo(total, Percentage.withPercentage(1e-10));
        assertThat(blocks + around).isCloseTo(total, Percentage.withPercentage(1e-10));
        assertThat(comparison.kinds()).doesNotContainKey(LayerKind.OTHER);
        Histogram histogram = Histogram.of(comparison.tensors());
        assertThat(histogram.bins().stream().mapToLong(Histogram.Bin::count).sum())
                .isEqualTo(comparison.tensors().size());
    }

    @Test
    void anotherArchitectureIsToldByNameAndShape() throws IOException {
        Comparison comparison = compare(Resources.golden("pipelines/i2v-5b"), Resources.golden("pipelines/t2v-2b"));
        assertThat(comparison.reshaped()).containsKey("patch_embed.proj.weight");
        assertThat(comparison.onlyInModel().size() + comparison.onlyInBase().size())
                .isPositive();
    }

    @ParameterizedTest
    @CsvSource({
        "transformer_blocks.12.attn1.to_q.weight, 12, TO_Q",
        "transformer_blocks.0.attn1.to_out.0.bias, 0, TO_OUT",
        "transformer_blocks.41.ff.net.0.proj.weight, 41, FF_IN",
        "transformer_blocks.41.ff.net.2.bias, 41, FF_OUT",
        "transformer_blocks.3.norm2.linear.weight, 3, MODULATION",
        "transformer_blocks.3.norm2.norm.weight, 3, NORM",
        "transformer_blocks.3.attn1.norm_k.bias, 3, NORM",
        "patch_embed.pos_embedding, , EMBEDDING",
        "ofs_embedding.linear_1.weight, , EMBEDDING",
        "norm_out.linear.weight, , OUTPUT",
        "proj_out.bias, , OUTPUT",
        "proj_outer.bias, , OTHER",
        "transformer_blocks.x.attn1.to_q.weight, , OTHER",
        "transformer_blocks.3.something.else, 3, OTHER"
    })
    void aNameTellsBlockAndKind(String name, @org.jspecify.annotations.Nullable Integer block, LayerKind kind) {
        TensorPosition position = TensorPosition.of(name);
        assertThat(position.kind()).isEqualTo(kind);
        assertThat(position.block().map(TensorPosition.Block::number).orElse(null))
                .isEqualTo(block);
    }

    @ParameterizedTest
    @CsvSource({
        "blocks.3.attn1.to_q.weight, blocks, 3, TO_Q",
        "blocks.3.attn2.norm_q.weight, blocks, 3, CROSS",
        "blocks.3.scale_shift_table, blocks, 3, MODULATION",
        "single_transformer_blocks.7.proj_mlp.weight, single_transformer_blocks, 7, FF_IN",
        "context_embedder.token_refiner.refiner_blocks.1.attn.to_k.weight,"
                + " context_embedder.token_refiner.refiner_blocks, 1, TO_K",
        "layers.2.feed_forward.w1.weight, layers, 2, OTHER",
        "noise_refiner.0.norm1.weight, noise_refiner, 0, NORM",
        "double_blocks.4.img_attn.qkv.weight, double_blocks, 4, OTHER",
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_v.weight, down_blocks, 1, TO_V"
    })
    void blocksOfAnyListAreTold(String name, String list, int block, LayerKind kind) {
        TensorPosition position = TensorPosition.of(name);
        assertThat(position.kind()).isEqualTo(kind);
        assertThat(position.block()).hasValue(new TensorPosition.Block(list, block));
    }

    @ParameterizedTest
    @CsvSource({
        "any-wan21-zero2-bf16-w2, blocks",
        "any-hunyuan-zero3-bf16-w2,"
                + " context_embedder.token_refiner.refiner_blocks transformer_blocks single_transformer_blocks",
        "any-flux-dcp-bf16-w2, single_transformer_blocks transformer_blocks",
        "any-qwenimage-ddp-bf16-w2, transformer_blocks",
        "any-mochi-zero2-fp16-w2, transformer_blocks",
        "any-ltx-zero2-frozen-bf16-w2, transformer_blocks"
    })
    void everyListOfBlocksOfOtherModelsIsCompared(String fixture, String lists) throws IOException {
        Path base = Resources.fixture(fixture + "/base");
        Comparison comparison = compare(Resources.fixture(fixture + "/output/checkpoint-3"), base);
        assertThat(comparison.blocks().keySet()).containsExactlyInAnyOrder(lists.split(" "));
        assertThat(comparison.kinds()).doesNotContainKey(LayerKind.OTHER);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0%",
        "0.0419, 4.19%",
        "0.9, 90.0%",
        "1, 100%",
        "3.456, 346%",
        "0.00411, 0.411%",
        "0.000000001234, 1.2e-07%"
    })
    void percentagesHaveThreeDigitsThatCount(double share, String text) {
        assertThat(Percent.of(share)).isEqualTo(text);
    }
}
