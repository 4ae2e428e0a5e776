package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.runtime.Kernels;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Scaled dot product attention.
///
/// On the CPU half precision goes through fp32: libtorch's own kernel for it is about twenty times slower
/// there, and less exact. It goes some heads at a time, so that the fp32 copies of long sequences stay small.
public final class Attention {
    /// The most elements of queries that are widened at once: 64 MiB.
    private static final long WIDENED = 16L << 20;

    /// From how many tokens on the order in memory counts.
    private static final long LONG = 1_024;

    private Attention() {}

    /// `softmax(q k^T / sqrt(width)) v` over `[batch, heads, tokens, width]`.
    public static Tensor of(Tensor query, Tensor key, Tensor value) {
        return isNative(query)
                ? torch.scaled_dot_product_attention(byHead(query), byHead(key), byHead(value))
                : widened(
                        query,
                        (first, count) -> torch.scaled_dot_product_attention(
                                wide(query, first, count), wide(key, first, count), wide(value, first, count)));
    }

    /// `softmax(q k^T + bias) v` over `[batch, heads, tokens, width]`, without a scale.
    ///
    /// @param bias `[1 or batch, heads, tokens, tokens]`, of the queries' type
    public static Tensor biased(Tensor query, Tensor key, Tensor value, Tensor bias) {
        return isNative(query)
                ? Kernels.withAnyAttention(() -> biasedNatively(query, key, value, bias))
                : widened(
                        query,
                        (first, count) -> biasedNatively(
                                wide(query, first, count),
                                wide(key, first, count),
                                wide(value, first, count),
                                wide(bias, first, count)));
    }

    private static Tensor biasedNatively(Tensor query, Tensor key, Tensor value, Tensor bias) {
        return torch.scaled_dot_product_attention(
                query, key, value, new TensorOptional(bias), 0, false, new DoubleOptional(1), false);
    }

    private static boolean isNative(Tensor query) {
        return query.scalar_type().intern() == ScalarType.Float || !query.is_cpu();
    }

    /// Attention of the heads from `first` on.
    @FunctionalInterface
    private interface OfHeads {
        Tensor compute(long first, long count);
    }

    /// The result lies in memory as `[batch, tokens, heads, width]`, as the kernel's own does.
    private static Tensor widened(Tensor query, OfHeads attention) {
        long heads = query.size(1);
        long perHead = Math.max(1, query.size(0) * query.size(2) * query.size(3));
        long step = Math.clamp(WIDENED / perHead, 1, heads);
        Tensor result = query.new_empty(query.size(0), query.size(2), heads, query.size(3))
                .transpose(1, 2);
        for (long first = 0; first < heads; first += step) {
            long start = first;
            long count = Math.min(step, heads - first);
            Scoped.run(() -> result.narrow(1, start, count).copy_(attention.compute(start, count)));
        }
        return result;
    }

    private static Tensor wide(Tensor tensor, long first, long count) {
        return tensor.narrow(1, first, count).contiguous().to(ScalarType.Float);
    }

    /// On the CPU a head's rows are brought together: long sequences are attended to a tenth faster that way,
    /// copies included.
    private static Tensor byHead(Tensor tensor) {
        return tensor.is_cpu() && tensor.size(2) >= LONG ? tensor.contiguous() : tensor;
    }
}
