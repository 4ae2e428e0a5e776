package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// `x W^T + b` over the last dimension.
public final class Linear {
    /// From how many multiplications on more threads are worth waking.
    private static final long LARGE = 1L << 26;

    private final Weight weight; // [out, in]
    private final Optional<Weight> bias; // [out]

    private Linear(Weight weight, Optional<Weight> bias) {
        this.weight = weight;
        this.bias = bias;
    }

    /// A layer with `weight` and `bias`.
    public static Linear of(Weights weights, long in, long out) {
        return new Linear(weights.get("weight", out, in), Optional.of(weights.get("bias", out)));
    }

    /// A layer with `weight` alone.
    public static Linear withoutBias(Weights weights, long in, long out) {
        return new Linear(weights.get("weight", out, in), Optional.empty());
    }

    /// A layer with a bias where the configuration says so.
    public static Linear of(Weights weights, long in, long out, boolean biased) {
        return biased ? of(weights, in, out) : withoutBias(weights, in, out);
    }

    /// `[..., in]` to `[..., out]`.
    public Tensor forward(Tensor input) {
        TensorOptional offset = bias.map(b -> new TensorOptional(b.tensor())).orElseGet(TensorOptional::new);
        return product(input, weight.tensor(), offset);
    }

    /// `x W^T + b` for a matrix that is at hand.
    public static Tensor product(Tensor input, Tensor matrix, TensorOptional bias) {
        boolean blas = input.is_cpu()
                && matrix.scalar_type().intern() == ScalarType.Float
                && input.numel() * matrix.size(0) >= LARGE;
        return blas ? Torch.matrixProduct(() -> torch.linear(input, matrix, bias)) : torch.linear(input, matrix, bias);
    }
}
