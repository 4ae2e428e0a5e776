package io.github.cogvideo4j.inference.internal.layer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Weights in small formats against diffusers' and torchao's, to the bit where no product of floats is
/// involved.
class SmallWeightsTest {
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
