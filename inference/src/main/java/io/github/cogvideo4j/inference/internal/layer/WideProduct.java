package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A product of half-precision matrices by way of fp32, some rows at a time, for processors that multiply in fp32 only:
/// there libtorch's own kernel for bf16 takes four to five times as long. Both add up in fp32 and round once.
final class WideProduct {
    /// The most elements of rows, and of results, that are widened at once: 64 MiB.
    static final long WIDENED = 16L << 20;

    private WideProduct() {}

    /// The bytes that a product takes besides its input and its result.
    static long bytes(long rows, long in, long out) {
        return Float.BYTES * (in * out + Math.min(rows, step(in, out, WIDENED)) * (in + out));
    }

    private static long step(long in, long out, long widest) {
        return Math.max(1, widest / Math.max(in, out));
    }

    /// `x W^T + b` in the input's type.
    ///
    /// @param input  `[..., in]`
    /// @param matrix `[out, in]`
    /// @param bias   `[out]`, or empty
    /// @param widest the most elements that are widened at once, but for a single row
    static Tensor of(Tensor input, Tensor matrix, TensorOptional bias, long widest) {
        long in = matrix.size(1);
        long out = matrix.size(0);
        long[] shape = input.shape();
        shape[shape.length - 1] = out;
        Tensor result = input.new_empty(shape);
        Scoped.run(() -> {
            Tensor rows = input.reshape(-1, in);
            Tensor results = result.view(-1, out);
            Tensor wide = matrix.to(ScalarType.Float);
            TensorOptional offset =
                    bias.has_value() ? new TensorOptional(bias.get().to(ScalarType.Float)) : new TensorOptional();
            long count = rows.size(0);
            long step = step(in, out, widest);
            for (long first = 0; first < count; first += step) {
                long start = first;
                long more = Math.min(step, count - first);
                Scoped.run(() -> {
                    Tensor part = rows.narrow(0, start, more).to(ScalarType.Float);
                    results.narrow(0, start, more).copy_(Torch.matrixProduct(() -> torch.linear(part, wide, offset)));
                });
            }
        });
        return result;
    }
}
