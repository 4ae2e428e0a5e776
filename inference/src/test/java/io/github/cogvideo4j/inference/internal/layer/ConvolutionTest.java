package io.github.cogvideo4j.inference.internal.layer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.Precision;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// All forms, the fused one (where the processor has it), the one by way of fp32 and the one for every device, against
/// libtorch's own convolution and sum in double precision.
class ConvolutionTest {
    private static final long IN = 5;
    private static final long OUT = 7;
    /// Products in a sum, 27 IN, the bias, and what was there.
    private static final double TERMS = 27 * IN + 2;

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

    /// What cuDNN asks before it takes its kernels for this layout, and before it would copy the input into another.
    @Test
    void framesAreAVideoInChannelsLastLayoutWithoutACopy() {
        Scoped.run(() -> {
            Tensor input = random(Precision.BF16, 5, 6, 4, 2 * IN);
            Tensor video = input.permute(3, 0, 1, 2).unsqueeze(0);
            assertThat(video.is_contiguous(MemoryFormat.ChannelsLast3d)).isTrue();
            assertThat(video.contiguous(MemoryFormat.ChannelsLast3d).data_ptr().address())
                    .isEqualTo(input.data_ptr().address());
            Tensor frames = input.permute(0, 3, 1, 2);
            assertThat(frames.is_contiguous(MemoryFormat.ChannelsLast)).isTrue();
        });
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void videosAreConvolvedOntoWhatIsThere(Precision precision) {
        Scoped.run(() -> {
            Tensor input = random(precision, 5, 6, 4, IN);
            Tensor kernel = random(precision, OUT, IN, 3, 3, 3).contiguous(MemoryFormat.ChannelsLast3d);
            Tensor bias = random(precision, OUT);
            Tensor target = random(precision, 3, 6, 4, OUT);
            long[] once = {1, 1, 1};
            Tensor exact = torch.conv3d(
                            video(input), kernel.to(ScalarType.Double), wide(bias), once, new long[] {0, 1, 1}, once, 1)
                    .squeeze(0)
                    .permute(1, 2, 3, 0)
                    .add(target.to(ScalarType.Double));

            Convolution.addTo(target, input, kernel, bias);

            assertThat(farthest(target, exact)).isLessThan(bound(precision, exact));
        });
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void framesAreConvolvedOntoWhatIsThere(Precision precision) {
        Scoped.run(() -> {
            Tensor input = random(precision, 2, 6, 4, IN);
            Tensor kernel = random(precision, OUT, IN, 3, 3).contiguous(MemoryFormat.ChannelsLast);
            Tensor bias = random(precision, OUT);
            Tensor target = random(precision, 2, 6, 4, OUT);
            long[] once = {1, 1};
            Tensor exact = torch.conv2d(
                            input.to(ScalarType.Double).permute(0, 3, 1, 2),
                            kernel.to(ScalarType.Double),
                            wide(bias),
                            once,
                            once,
                            once,
                            1)
                    .permute(0, 2, 3, 1)
                    .add(target.to(ScalarType.Double));

            Convolution.addToEach(target, input, kernel, bias);

            assertThat(farthest(target, exact)).isLessThan(bound(precision, exact));
        });
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void theFormForEveryDeviceGivesTheSame(Precision precision) {
        Scoped.run(() -> {
            Tensor input = random(precision, 5, 6, 4, IN);
            Tensor kernel = random(precision, OUT, IN, 3, 3, 3).contiguous(MemoryFormat.ChannelsLast3d);
            Tensor bias = random(precision, OUT);
            Tensor one = random(precision, 3, 6, 4, OUT);
            Tensor other = one.clone();

            Convolution.addTo(one, input, kernel, bias);
            Convolution.addSeparately(
                    other.permute(3, 0, 1, 2).unsqueeze(0),
                    input.permute(3, 0, 1, 2).unsqueeze(0),
                    kernel,
                    bias,
                    0,
                    1,
                    1);

            Tensor exact = one.to(ScalarType.Double);
            assertThat(farthest(other, exact)).isLessThan(bound(precision, exact));
        });
    }

    /// Rows are cut in pieces of the picture's whole height, of some rows and of one.
    @ParameterizedTest
    @CsvSource({"BF16, 16777216", "BF16, 400", "BF16, 1", "FP16, 400"})
    void theFormByWayOfFp32RoundsOnce(Precision precision, long widest) {
        Scoped.run(() -> {
            Tensor input = random(precision, 5, 6, 4, IN);
            Tensor kernel = random(precision, OUT, IN, 3, 3, 3).contiguous(MemoryFormat.ChannelsLast3d);
            Tensor bias = random(precision, OUT);
            Tensor target = random(precision, 3, 6, 4, OUT);
            long[] once = {1, 1, 1};
            Tensor exact = torch.conv3d(
                            video(input), kernel.to(ScalarType.Double), wide(bias), once, new long[] {0, 1, 1}, once, 1)
                    .squeeze(0)
                    .permute(1, 2, 3, 0)
                    .add(target.to(ScalarType.Double));

            WideConvolution.addTo(
                    target.permute(3, 0, 1, 2).unsqueeze(0),
                    input.permute(3, 0, 1, 2).unsqueeze(0),
                    kernel,
                    bias,
                    widest,
                    0,
                    1,
                    1);

            assertThat(farthest(target, exact)).isLessThan(bound(precision, exact));
        });
    }

    private static Tensor video(Tensor frames) {
        return frames.to(ScalarType.Double).permute(3, 0, 1, 2).unsqueeze(0);
    }

    private static TensorOptional wide(Tensor bias) {
        return new TensorOptional(bias.to(ScalarType.Double));
    }

    private static Tensor random(Precision precision, long... shape) {
        return torch.randn(shape, new TensorOptions(ScalarType.Double)).to(ScalarTypes.of(precision));
    }

    private static double farthest(Tensor values, Tensor exact) {
        return values.to(ScalarType.Double).sub(exact).abs_().max().item_double();
    }

    /// Products and sums in fp32 with a rounding each, and two roundings to the type.
    private static double bound(Precision precision, Tensor exact) {
        double largest = exact.abs().max().item_double();
        double half = switch (precision) {
            case FP32 -> 0x1p-24;
            case BF16 -> 0x1p-8;
            case FP16 -> 0x1p-11;
        };
        return TERMS * 0x1p-24 * TERMS + 2 * half * 2 * largest;
    }
}
