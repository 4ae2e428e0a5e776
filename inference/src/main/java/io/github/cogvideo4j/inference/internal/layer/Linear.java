package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.runtime.Processor;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A linear layer, `x W^T + b` over the last dimension. Its kind is the format in which its weight is kept.
public sealed interface Linear permits DenseLinear, Float8Linear, Int8Linear {
    /// From how many multiplications on more threads are worth waking.
    long LARGE = 1L << 26;

    /// A layer with `weight` and `bias`.
    static Linear of(Weights weights, long in, long out) {
        return of(weights, in, out, true);
    }

    /// A layer with `weight` alone.
    static Linear withoutBias(Weights weights, long in, long out) {
        return of(weights, in, out, false);
    }

    /// A layer with a bias where the configuration says so.
    static Linear of(Weights weights, long in, long out, boolean biased) {
        Weight weight = weights.get("weight", out, in);
        Optional<Weight> bias = biased ? Optional.of(weights.get("bias", out)) : Optional.empty();
        return switch (weights.linearFormat()) {
            case DENSE -> new DenseLinear(weight, bias);
            case FP8 -> new Float8Linear(weight, bias, weights.precision());
            case INT8 -> new Int8Linear(weight, bias);
        };
    }

    /// `[..., in]` to `[..., out]`.
    Tensor forward(Tensor input);

    /// The bytes that a product on the CPU takes besides its input and its result.
    static long bytesBeside(ScalarType type, long rows, long in, long out) {
        return Processor.here().widens(type) && rows * in * out >= LARGE ? WideProduct.bytes(rows, in, out) : 0;
    }

    /// `x W^T + b` for a matrix that is at hand.
    static Tensor product(Tensor input, Tensor matrix, TensorOptional bias) {
        ScalarType type = matrix.scalar_type().intern();
        if (!input.is_cpu() || input.numel() * matrix.size(0) < LARGE) {
            return torch.linear(input, matrix, bias);
        }
        if (Processor.here().widens(type)) {
            return WideProduct.of(input, matrix, bias, WideProduct.WIDENED);
        }
        return type == ScalarType.Float
                ? Torch.matrixProduct(() -> torch.linear(input, matrix, bias))
                : torch.linear(input, matrix, bias);
    }
}
