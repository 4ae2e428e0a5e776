package io.github.cogvideo4j.inference.internal.layer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Products by way of fp32 against products in double precision: they differ by the sum's rounding in fp32 and one
/// rounding to the type.
class WideProductTest {
    private static final long IN = 300;
    private static final long OUT = 70;

    private InferenceMode mode;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    @BeforeEach
    void open() {
        mode = Torch.inferenceMode();
    }

    @AfterEach
    void close() {
        mode.close();
    }

    @ParameterizedTest
    @CsvSource({
        "BFloat16, 0x1p-8, 16777216, true",
        "BFloat16, 0x1p-8, 900, true",
        "BFloat16, 0x1p-8, 1, false",
        "Half, 0x1p-11, 16777216, false",
        "Half, 0x1p-11, 900, true"
    })
    void aProductIsRoundedOnce(ScalarType type, double half, long widest, boolean biased) {
        Scoped.run(() -> {
            Tensor input = random(type, 2, 19, IN).transpose(0, 1);
            Tensor matrix = random(type, OUT, IN);
            Tensor bias = random(type, OUT);
            TensorOptional offset = biased ? new TensorOptional(bias) : new TensorOptional();

            Tensor result = WideProduct.of(input, matrix, offset, widest);

            Tensor exact = torch.linear(
                    wide(input), wide(matrix), biased ? new TensorOptional(wide(bias)) : new TensorOptional());
            Tensor magnitude = torch.linear(
                    wide(input).abs(),
                    wide(matrix).abs(),
                    new TensorOptional(wide(bias).abs()));
            Tensor allowed =
                    exact.abs().mul(new Scalar(half)).add(magnitude.mul(new Scalar((IN + 1) * 0x1p-24 * (1 + half))));
            assertThat(result.scalar_type().intern()).isEqualTo(type);
            assertThat(result.shape()).containsExactly(19, 2, OUT);
            assertThat(wide(result).sub(exact).abs().le(allowed).all().item_bool())
                    .isTrue();
        });
    }

    private static Tensor wide(Tensor tensor) {
        return tensor.to(ScalarType.Double);
    }

    private static Tensor random(ScalarType type, long... shape) {
        return torch.randn(shape, new TensorOptions(ScalarType.Float)).to(type);
    }
}
