package io.github.cogvideo4j.inference.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.NativeObjects;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Where a transformer's weights may come from, and what a long run leaves in memory.
class TransformerModelTest {
    private static final String FORWARD = "transformer/t2v-2b_b1_f3_6x10_t226_fp32";

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /// The training checkpoint as it is computes what its conversion by the reference tools computes.
    @ParameterizedTest
    @CsvSource({"BF16, bf16-safe", "BF16, bf16-safe-50KB", "FP32, fp32-safe"})
    void anUnconvertedCheckpointComputesWhatItsConversionDoes(Precision precision, String converted)
            throws IOException {
        Path sample = Resources.fixture("sample-t2v-2b");
        try (Golden golden = Golden.open(FORWARD);
                PointerScope _ = new PointerScope();
                InferenceMode _ = Torch.inferenceMode()) {
            Tensor expected = forward(sample.resolve("reference").resolve(converted), precision, golden);
            Tensor actual = forward(sample.resolve("output/checkpoint-3"), precision, golden);
            assertThat(torch.equal(actual, expected)).isTrue();
        }
    }

    @Test
    void weightsOfAnotherModelAreOneClearError() throws IOException {
        Path folder = Resources.golden("pipelines/t2v-5b/transformer");
        TransformerConfig other = TransformerConfig.read(Resources.golden("pipelines/i2v-5b/transformer/config.json"));
        assertThatThrownBy(() -> TransformerModel.open(folder, other, List.of(), Precision.FP32, ComputeDevice.CPU)
                        .close())
                .isInstanceOfSatisfying(
                        InvalidModelException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.MISSING_TENSOR));
    }

    @Test
    void manyForwardsLeaveMemoryAsItWas() throws IOException {
        try (Golden golden = Golden.open(FORWARD);
                PointerScope _ = new PointerScope();
                InferenceMode _ = Torch.inferenceMode();
                TransformerModel model = open(Resources.golden("pipelines/t2v-2b/transformer"), Precision.BF16)) {
            TransformerInput input = input(golden);
            NativeObjects.assertNoneLeftBy(() -> repeat(model, input, 20));
        }
    }

    private static void repeat(TransformerModel model, TransformerInput input, int times) {
        for (int i = 0; i < times; i++) {
            try (PointerScope _ = new PointerScope()) {
                model.transformer().forward(input);
            }
        }
    }

    private static Tensor forward(Path weights, Precision precision, Golden golden) throws IOException {
        try (TransformerModel model = open(weights, precision)) {
            return model.transformer().forward(input(golden));
        }
    }

    private static TransformerModel open(Path weights, Precision precision) throws IOException {
        TransformerConfig config = TransformerConfig.read(Resources.golden("pipelines/t2v-2b/transformer/config.json"));
        return TransformerModel.open(weights, config, List.of(), precision, ComputeDevice.CPU);
    }

    private static TransformerInput input(Golden golden) throws IOException {
        return new TransformerInput(
                golden.in("hidden_states"), golden.in("encoder_hidden_states"), golden.in("timestep"));
    }
}
