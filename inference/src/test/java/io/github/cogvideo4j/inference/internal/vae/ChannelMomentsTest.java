package io.github.cogvideo4j.inference.internal.vae;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.internal.runtime.Torch;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Means and variances of channels against fp64.
class ChannelMomentsTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /// Flat but for a corner, where rounding goes to one side at every addition.
    @ParameterizedTest
    @EnumSource(names = {"Float", "BFloat16"})
    void aFlatPictureIsMeasuredAsExactlyAsAnyOther(ScalarType type) {
        try (PointerScope _ = new PointerScope()) {
            Tensor frames = torch.full(new long[] {9, 96, 160, 8}, new Scalar(0.7));
            frames.narrow(1, 40, 8).narrow(2, 80, 24).copy_(torch.randn(9, 8, 24, 8));
            frames = frames.to(type);
            ChannelMoments moments = ChannelMoments.of(frames);
            Tensor exact = frames.to(ScalarType.Double).reshape(-1, 8);
            Tensor mean = exact.mean(new long[] {0}, false, null);
            Tensor variance = exact.sub(mean).square().mean(new long[] {0}, false, null);
            assertThat(moments.mean().sub(mean).abs().max().item_double()).isLessThan(2e-6);
            assertThat(moments.variance()
                            .div(variance)
                            .sub(new Scalar(1.0))
                            .abs()
                            .max()
                            .item_double())
                    .isLessThan(1e-5);
        }
    }
}
