package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.DerivedWeight;
import io.github.cogvideo4j.inference.internal.weights.StreamedWeight.Form;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A linear layer whose weight is kept as eight-bit integers with a scale for each output channel. The product
/// with the integers is scaled, then the bias is added.
///
/// Source: `Int8WeightOnlyConfig` of torchao 0.19 (version 2).
final class Int8Linear implements Linear {
    private static final double LEVELS = 127.5;
    private static final double LEAST_SCALE = 0x1p-23;

    private final DerivedWeight weight; // int8 [out, in], fp32 [out, 1]
    private final Optional<Weight> bias; // [out]

    Int8Linear(Weight weight, Optional<Weight> bias) {
        this.weight = weight.derived(Int8Linear::quantized, Int8Linear::forms);
        this.bias = bias;
    }

    /// The integers and the scales of a matrix. The quotient is of the matrix's own type, everything else fp32.
    static List<Tensor> quantized(Tensor matrix) {
        Tensor scale = matrix.abs()
                .amax(new long[] {1}, true)
                .div(new Scalar(LEVELS))
                .clamp(new ScalarOptional(new Scalar(LEAST_SCALE)))
                .to(ScalarType.Float);
        Tensor integers = matrix.to(ScalarType.Float)
                .mul(scale.reciprocal())
                .round_()
                .clamp_(new ScalarOptional(new Scalar(-128)), new ScalarOptional(new Scalar(127)))
                .to(ScalarType.Char);
        return List.of(integers, scale);
    }

    private static List<Form> forms(List<Long> shape) {
        return List.of(
                new Form(ScalarType.Char, 1, shape),
                new Form(ScalarType.Float, Float.BYTES, List.of(shape.getFirst(), 1L)));
    }

    @Override
    public Tensor forward(Tensor input) {
        return Scoped.tensor(() -> product(input, weight.tensors(), bias.map(Weight::tensor)));
    }

    /// The scaled product in the input's type.
    ///
    /// @param small the integers and the scales
    static Tensor product(Tensor input, List<Tensor> small, Optional<Tensor> bias) {
        ScalarType type = input.scalar_type().intern();
        Tensor scales = small.getLast().squeeze(1).to(type);
        Tensor product = Linear.product(input, small.getFirst().to(type), new TensorOptional())
                .mul_(scales);
        return bias.map(product::add_).orElse(product);
    }
}
