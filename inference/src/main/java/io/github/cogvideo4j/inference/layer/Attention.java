package io.github.cogvideo4j.inference.layer;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Scaled dot product attention.
public final class Attention {
    private Attention() {}

    /// `softmax(q k^T / sqrt(width)) v` over `[batch, heads, tokens, width]`.
    ///
    /// On the CPU half precision goes through fp32: libtorch's own kernel for it is about twenty times slower
    /// there, and less exact.
    public static Tensor of(Tensor query, Tensor key, Tensor value) {
        ScalarType type = query.scalar_type().intern();
        if (type == ScalarType.Float || !query.is_cpu()) {
            return torch.scaled_dot_product_attention(query, key, value);
        }
        return torch.scaled_dot_product_attention(
                        query.to(ScalarType.Float), key.to(ScalarType.Float), value.to(ScalarType.Float))
                .to(type);
    }
}
