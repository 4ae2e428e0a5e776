package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.inference.internal.runtime.Processor;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// libtorch's operations on random inputs. An input is made before the clock starts.
final class BareCalls {
    private final Weights weights;

    BareCalls(Weights weights) {
        this.weights = weights;
    }

    /// A random input that lives as long as the process.
    Tensor input(long... shape) {
        return input(ScalarTypes.of(weights.precision()), shape);
    }

    /// A random input in fp32: half precision is attended to in it, without the casts.
    Tensor wideInput(long... shape) {
        return input(ScalarType.Float, shape);
    }

    private static Tensor input(ScalarType type, long... shape) {
        return Scoped.keep(torch.randn(shape, new TensorOptions(type)));
    }

    /// A linear layer with the model's own weights.
    void linear(Tensor input, String name, long in, long out, boolean biased) {
        Scoped.run(() -> {
            Tensor weight = quickest(weights.get(name + ".weight", out, in).tensor());
            TensorOptional bias = biased
                    ? new TensorOptional(
                            quickest(weights.get(name + ".bias", out).tensor()))
                    : new TensorOptional();
            Torch.matrixProduct(() -> torch.linear(quickest(input), weight, bias));
        });
    }

    /// A tensor in the type in which this processor multiplies it fastest.
    static Tensor quickest(Tensor tensor) {
        return Processor.here().widens(tensor.scalar_type().intern()) ? tensor.to(ScalarType.Float) : tensor;
    }

    /// A layer norm.
    void layerNorm(Tensor input, String name) {
        Scoped.run(() -> {
            long width = input.size(-1);
            torch.layer_norm(
                    input,
                    new long[] {width},
                    new TensorOptional(weights.get(name + ".weight", width).tensor()),
                    new TensorOptional(weights.get(name + ".bias", width).tensor()),
                    1e-5,
                    false);
        });
    }

    /// A GELU in its tanh form.
    void gelu(Tensor input) {
        Scoped.run(() -> torch.gelu(input, "tanh"));
    }

    /// Attention of a sequence to itself.
    void attention(Tensor wide) {
        Scoped.run(() -> torch.scaled_dot_product_attention(wide, wide, wide));
    }

    /// Attention with a bias and without a scale.
    void biasedAttention(Tensor wide, Tensor bias) {
        Scoped.run(() -> torch.scaled_dot_product_attention(
                wide, wide, wide, new TensorOptional(bias), 0, false, new DoubleOptional(1), false));
    }
}
