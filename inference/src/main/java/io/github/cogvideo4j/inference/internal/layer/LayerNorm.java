package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Normalisation over the last dimension.
public final class LayerNorm {
    private final long width;
    private final double eps;
    private final Optional<Weight> weight; // [width]
    private final Optional<Weight> bias; // [width]

    private LayerNorm(long width, double eps, Optional<Weight> weight, Optional<Weight> bias) {
        this.width = width;
        this.eps = eps;
        this.weight = weight;
        this.bias = bias;
    }

    /// A norm with `weight` and `bias` where it is affine.
    public static LayerNorm of(Weights weights, long width, double eps, boolean affine) {
        return affine
                ? new LayerNorm(
                        width, eps, Optional.of(weights.get("weight", width)), Optional.of(weights.get("bias", width)))
                : new LayerNorm(width, eps, Optional.empty(), Optional.empty());
    }

    /// `[..., width]`, in the input's type.
    public Tensor forward(Tensor input) {
        return torch.layer_norm(input, new long[] {width}, optional(weight), optional(bias), eps, false);
    }

    private static TensorOptional optional(Optional<Weight> weight) {
        return weight.map(w -> new TensorOptional(w.tensor())).orElseGet(TensorOptional::new);
    }
}
