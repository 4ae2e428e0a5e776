package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/// A 1x1x1 convolution: with channels last, a matrix product.
final class PointConv {
    private final Weight weight; // [out, in, 1, 1, 1]
    private final Weight bias; // [out]
    private final long in;
    private final long out;

    PointConv(Weights weights, long in, long out) {
        this.weight = weights.get("weight", out, in, 1, 1, 1);
        this.bias = weights.get("bias", out);
        this.in = in;
        this.out = out;
    }

    /// `[..., in]` to `[..., out]`.
    Tensor forward(Tensor input) {
        return Linear.product(input, weight.tensor().view(out, in), new TensorOptional(bias.tensor()));
    }
}
