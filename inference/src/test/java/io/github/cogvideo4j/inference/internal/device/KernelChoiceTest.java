package io.github.cogvideo4j.inference.internal.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.AttentionShape;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.ConvolutionShape;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Kernels;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The choice among kernels with stated times: what is fastest is taken, measured once, and kept.
class KernelChoiceTest {
    private static final AttentionShape SHAPE = new AttentionShape(2, 48, 17_776, 64);
    private static final ConvolutionShape CONVOLUTION = new ConvolutionShape(128, 11, 480, 720);
    private static final ComputeOptions BF16 = new ComputeOptions(Precision.BF16, "cuda:0", 1);

    @TempDir
    private Path folder;

    private final List<String> tried = new ArrayList<>();

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    @AfterEach
    void anyKernelAgain() {
        Kernels.use(AttentionKernel.AUTO, false);
    }

    private KernelChoice choice(String card, Map<AttentionKernel, Double> seconds) {
        return new KernelChoice(
                card,
                new MeasuredChoices(folder.resolve("cache").resolve("kernels.json")),
                (kernel, shape) -> {
                    tried.add(kernel + " " + shape.tokens());
                    Double value = seconds.get(kernel);
                    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
                },
                (benchmark, _) -> {
                    tried.add("benchmark " + benchmark);
                    return OptionalDouble.of(benchmark ? 0.5 : 1);
                });
    }

    @Test
    void theFastestIsTakenAndMeasuredOnce() {
        Map<AttentionKernel, Double> seconds =
                Map.of(AttentionKernel.FLASH, 0.03, AttentionKernel.CUDNN, 0.02, AttentionKernel.EFFICIENT, 0.05);
        ComputeOptions made = choice("H200", seconds).made(BF16, SHAPE, CONVOLUTION);
        assertThat(made.attention()).isEqualTo(AttentionKernel.CUDNN);
        assertThat(made.cudnnBenchmark()).contains(true);
        assertThat(made.withKernels(AttentionKernel.AUTO, Optional.empty())).isEqualTo(BF16);
        int before = tried.size();
        assertThat(choice("H200", Map.of()).made(BF16, SHAPE, CONVOLUTION)).isEqualTo(made);
        assertThat(tried).hasSize(before);
        choice("4090", seconds).made(BF16, SHAPE, CONVOLUTION);
        choice("H200", seconds).made(BF16, new AttentionShape(1, 48, 17_776, 64), CONVOLUTION);
        choice("H200", seconds).made(new ComputeOptions(Precision.FP16, "cuda:0", 1), SHAPE, CONVOLUTION);
        assertThat(tried).hasSize(before + 5 + 3 + 5);
    }

    @Test
    void inFp32OnlyWhatComputesItIsTried() {
        ComputeOptions fp32 = new ComputeOptions(Precision.FP32, "cuda:0", 1);
        ComputeOptions made =
                choice("H200", Map.of(AttentionKernel.EFFICIENT, 1.0)).made(fp32, SHAPE, CONVOLUTION);
        assertThat(made.attention()).isEqualTo(AttentionKernel.EFFICIENT);
        assertThat(tried).contains("EFFICIENT 17776").doesNotContain("FLASH 17776", "CUDNN 17776");
    }

    @Test
    void whereNothingElseComputesSeparateProductsDo() {
        assertThat(choice("old", Map.of()).made(BF16, SHAPE, CONVOLUTION).attention())
                .isEqualTo(AttentionKernel.MATH);
    }

    /// A record's choices are as good as the user's: nothing is measured for them.
    @Test
    void whatIsAskedForIsTriedAndNotMeasured() {
        ComputeOptions asked = BF16.withKernels(AttentionKernel.FLASH, Optional.of(false));
        assertThat(choice("H200", Map.of(AttentionKernel.FLASH, 9.0)).made(asked, SHAPE, CONVOLUTION))
                .isEqualTo(asked);
        assertThat(tried).containsExactly("FLASH 64");
    }

    @Test
    void whatCannotComputeIsRefused() {
        ComputeOptions asked = BF16.withKernels(AttentionKernel.CUDNN, Optional.of(false));
        assertThatThrownBy(() -> choice("H200", Map.of()).made(asked, SHAPE, CONVOLUTION))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.problem().remedies())
                                .containsExactly(Remedy.change(Remedy.Field.ATTENTION, "auto")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{\"format\":2}",
                "{\"format\":1,\"choices\":7}",
                "{\"format\":1,\"choices\":{\"attention, H200, bf16, 2x48x17776x64\":{\"flash\":\"fast\",\"math\":0}}}",
                "{\"format\":1,\"choices\":{\"attention, H200, bf16, 2x48x17776x64\":[1]}}"
            })
    void aDamagedFileCostsAMeasurement(String text) throws IOException {
        Path file = Files.createDirectories(folder.resolve("cache")).resolve("kernels.json");
        Files.writeString(file, text);
        Map<AttentionKernel, Double> seconds = Map.of(AttentionKernel.FLASH, 0.03);
        assertThat(choice("H200", seconds).made(BF16, SHAPE, CONVOLUTION).attention())
                .isEqualTo(AttentionKernel.FLASH);
        int before = tried.size();
        choice("H200", seconds).made(BF16, SHAPE, CONVOLUTION);
        assertThat(tried).hasSize(before);
    }

    @Test
    void aFolderThatCannotBeMadeIsNoError() throws IOException {
        Files.writeString(folder.resolve("cache"), "in the way");
        assertThat(choice("H200", Map.of(AttentionKernel.FLASH, 0.03))
                        .made(BF16, SHAPE, CONVOLUTION)
                        .attention())
                .isEqualTo(AttentionKernel.FLASH);
    }

    /// What the processor has of these kernels gives the same numbers, and an attention with a bias is computed
    /// whichever is set.
    @ParameterizedTest
    @EnumSource(names = {"AUTO", "FLASH", "MATH"})
    void aKernelThatIsSetComputes(AttentionKernel kernel) {
        try (PointerScope _ = new PointerScope();
                RandomSource random = RandomSource.of(3)) {
            Tensor query = random.normal(ScalarType.Float, 1, 2, 40, 16);
            Kernels.use(AttentionKernel.AUTO, false);
            Tensor expected = torch.scaled_dot_product_attention(query, query, query);
            Kernels.use(kernel, true);
            assertThat(torch.globalContext().benchmarkCuDNN()).isTrue();
            Tensor actual = torch.scaled_dot_product_attention(query, query, query);
            assertThat(torch.allclose(actual, expected, 1e-5, 1e-6, false)).isTrue();
            assertThat(Kernels.withAnyAttention(() -> torch.globalContext().userEnabledMathSDP()))
                    .isTrue();
            assertThat(torch.globalContext().userEnabledMathSDP()).isEqualTo(kernel != AttentionKernel.FLASH);
        }
    }

    @Test
    void fp32IsNeverTf32() {
        Context context = torch.globalContext();
        assertThat(context.allowTF32CuBLAS()).isFalse();
        assertThat(context.allowTF32CuDNN()).isFalse();
    }

    /// The trials themselves, where any device can run them.
    @Test
    void trialsRunAndLeaveNothingSet() {
        KernelTrials trials = new KernelTrials(ComputeDevice.CPU, Precision.FP32);
        assertThat(trials.attention(AttentionKernel.MATH, new AttentionShape(1, 2, 30, 8)))
                .isPresent();
        assertThat(trials.convolution(true, new ConvolutionShape(4, 4, 8, 8))).isPresent();
        assertThat(torch.globalContext().benchmarkCuDNN()).isFalse();
        assertThat(torch.globalContext().userEnabledFlashSDP()).isTrue();
    }
}
