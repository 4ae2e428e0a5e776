package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.runtime.Processor;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Convolutions with strides of one that add to what is in memory already.
public final class Convolution {
    private Convolution() {}

    /// Adds a convolution in space and time to a tensor. Nothing is added around the frames in time.
    ///
    /// @param target `[frames, height, width, out]`
    /// @param input  `[frames + t - 1, height, width, in]`
    /// @param kernel `[out, in, t, 3, 3]`, channels last in memory
    /// @param bias   `[out]`
    public static void addTo(Tensor target, Tensor input, Tensor kernel, Tensor bias) {
        add(target.permute(3, 0, 1, 2).unsqueeze(0), input.permute(3, 0, 1, 2).unsqueeze(0), kernel, bias, 0, 1, 1);
    }

    /// Adds a convolution in space to each frame.
    ///
    /// @param target `[frames, height, width, out]`
    /// @param input  `[frames, height, width, in]`
    /// @param kernel `[out, in, 3, 3]`, channels last in memory
    /// @param bias   `[out]`
    public static void addToEach(Tensor target, Tensor input, Tensor kernel, Tensor bias) {
        add(target.permute(0, 3, 1, 2), input.permute(0, 3, 1, 2), kernel, bias, 1, 1);
    }

    private static void add(Tensor target, Tensor input, Tensor kernel, Tensor bias, long... padding) {
        if (input.is_cpu() && Processor.here().widens(input.scalar_type().intern())) {
            WideConvolution.addTo(target, input, kernel, bias, WideProduct.WIDENED, padding);
        } else if (FusedConvolution.exists(input)) {
            FusedConvolution.addTo(target, input, kernel, bias, padding);
        } else {
            addSeparately(target, input, kernel, bias, padding);
        }
    }

    /// The form for every device. `[batch, channels, ...]`.
    static void addSeparately(Tensor target, Tensor input, Tensor kernel, Tensor bias, long... padding) {
        long[] once = LongStream.of(padding).map(_ -> 1).toArray();
        long[] none = new long[padding.length];
        target.add_(torch.convolution(input, kernel, new TensorOptional(bias), once, padding, once, false, none, 1));
    }
}
