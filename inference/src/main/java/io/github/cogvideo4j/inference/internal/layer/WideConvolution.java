package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A convolution in half precision by way of fp32, some rows of the picture at a time, for processors that multiply
/// in fp32 only: there libtorch's own kernel for bf16 takes about five times as long. The sum with what is there is
/// rounded once, as in [FusedConvolution].
final class WideConvolution {
    private WideConvolution() {}

    /// Adds a convolution to a tensor, `[batch, channels, ..., height, width]` like its input.
    ///
    /// @param kernel  `[out, in, ..., 3, 3]`
    /// @param padding zeros around the input, 1 in height and width
    /// @param widest  the most elements that are widened at once, but for a single row and its neighbours
    static void addTo(Tensor target, Tensor input, Tensor kernel, Tensor bias, long widest, long... padding) {
        long dimension = input.dim() - 2;
        long height = target.size(dimension);
        long perRow = Math.max(input.numel(), target.numel()) / height;
        long step = Math.clamp(widest / perRow, 1, height);
        long[] once = LongStream.of(padding).map(_ -> 1).toArray();
        long[] none = new long[padding.length];
        long[] beside = padding.clone();
        beside[padding.length - 2] = 0;
        Scoped.run(() -> {
            Tensor wide = kernel.to(ScalarType.Float);
            TensorOptional offset = new TensorOptional(bias.to(ScalarType.Float));
            for (long first = 0; first < height; first += step) {
                long start = first;
                long rows = Math.min(step, height - first);
                Scoped.run(() -> {
                    Tensor part = rows(input, dimension, start - 1, rows + 2);
                    Tensor sum = torch.convolution(part, wide, offset, once, beside, once, false, none, 1);
                    Tensor place = target.narrow(dimension, start, rows);
                    place.copy_(sum.add_(place));
                });
            }
        });
    }

    /// Rows in fp32, with zeros for those that lie outside.
    private static Tensor rows(Tensor input, long dimension, long first, long count) {
        long from = Math.max(first, 0);
        long to = Math.min(first + count, input.size(dimension));
        Tensor inside = input.narrow(dimension, from, to - from).to(ScalarType.Float);
        return to - from == count
                ? inside
                : torch.constant_pad_nd(inside, new long[] {0, 0, from - first, first + count - to}, new Scalar(0));
    }
}
