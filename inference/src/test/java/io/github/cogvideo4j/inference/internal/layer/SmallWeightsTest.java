package io.github.cogvideo4j.inference.internal.layer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.video.TensorFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Weights in small formats against diffusers' and torchao's, to the bit where no product of floats is
/// involved.
class SmallWeightsTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"quant/float8_rounding_fp32", "quant/float8_rounding_bf16"})
    void float8IsRoundedAsTheReferenceDoes(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            Tensor values = golden.in("x");
            Tensor small = Float8Linear.rounded(values).getFirst();
            golden.assertEqual("e4m3_bits", small.view(ScalarType.Byte));
            golden.assertEqual("e4m3_back", small.to(values.scalar_type().intern()));
        }
    }

    static Stream<String> integerLayers() {
        return Golden.names("quant", "layer").stream().filter(name -> name.contains("int8wo"));
    }

    @ParameterizedTest
    @MethodSource("integerLayers")
    void integersAndScalesAreTorchaos(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            List<Tensor> small = Int8Linear.quantized(golden.in("weight"));
            golden.assertEqual("qdata", small.getFirst());
            golden.assertEqual("scale", small.getLast());
            Tensor result = Int8Linear.product(golden.in("x"), small, Optional.of(golden.in("bias")));
            if (name.endsWith("bf16")) {
                golden.assertClose("y", result, 0);
            } else {
                assertSummed(golden.in("x"), small, result, golden.out("y"));
            }
            assertThat(result.scalar_type().intern())
                    .isEqualTo(golden.out("y").scalar_type().intern());
        }
    }

    /// Weights that e4m3 holds exactly are the same before and after.
    @ParameterizedTest
    @EnumSource(Precision.class)
    void float8OfWeightsThatItHoldsIsExact(Precision precision) throws IOException {
        try (InferenceMode _ = Torch.inferenceMode();
                PointerScope _ = new PointerScope();
                RandomSource random = RandomSource.of(7)) {
            Path file = folder.resolve("layer.safetensors");
            TensorFile.write(
                    file, false, List.of(exact(random, "weight", 24, 32), exact(random, "bias", 24)), Map.of());
            Tensor input = random.normal(ScalarTypes.of(precision), 2, 5, 32);
            try (WeightStore store = WeightStore.open(file)) {
                Linear dense = Linear.of(store.in(precision, ComputeDevice.CPU), 32, 24);
                Linear small = Linear.of(store.in(precision, ComputeDevice.CPU, WeightFormat.FP8), 32, 24);
                assertThat(small).isInstanceOf(Float8Linear.class);
                assertThat(torch.equal(small.forward(input), dense.forward(input)))
                        .isTrue();
            }
        }
    }

    private static TensorFile.Entry exact(RandomSource random, String name, long... shape) {
        Tensor values =
                Float8Linear.rounded(random.normal(ScalarType.Float, shape)).getFirst();
        byte[] bytes = NativeMemory.of(values.to(ScalarType.Float)).toArray(ValueLayout.JAVA_BYTE);
        MemorySegment memory = Arena.ofAuto().allocate(bytes.length);
        memory.copyFrom(MemorySegment.ofArray(bytes));
        return new TensorFile.Entry(name, DType.F32, Shape.of(shape), memory);
    }

    /// In fp32 the reference's own movements are smaller than what the order of summation may change: two sums
    /// of n products differ by at most 2 n u times the sum of their magnitudes, with u = 2^-24 (Higham,
    /// Accuracy and Stability of Numerical Algorithms, 3.1).
    private static void assertSummed(Tensor input, List<Tensor> small, Tensor actual, Tensor expected) {
        Tensor magnitudes = Int8Linear.product(
                input.abs(), List.of(small.getFirst().to(ScalarType.Float).abs(), small.getLast()), Optional.empty());
        Tensor bound = magnitudes.mul(new Scalar(2 * input.size(-1) * 0x1p-24));
        assertThat(actual.sub(expected).abs().le(bound).all().item_bool()).isTrue();
    }
}
