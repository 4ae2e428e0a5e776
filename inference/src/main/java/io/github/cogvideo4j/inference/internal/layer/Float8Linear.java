package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.DerivedWeight;
import io.github.cogvideo4j.inference.internal.weights.StreamedWeight.Form;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A linear layer whose weight and bias are kept as eight-bit floats and cast to the type of computation for
/// each use. There is no scale: values are rounded to the nearest of e4m3, ties to even.
///
/// Source: `layerwise_casting.py` of diffusers, on a model that was loaded in the type of computation.
final class Float8Linear implements Linear {
    private final DerivedWeight weight; // [out, in]
    private final Optional<DerivedWeight> bias; // [out]
    private final Precision precision;

    Float8Linear(Weight weight, Optional<Weight> bias, Precision precision) {
        this.weight = weight.derived(Float8Linear::rounded, Float8Linear::forms);
        this.bias = bias.map(b -> b.derived(Float8Linear::rounded, Float8Linear::forms));
        this.precision = precision;
    }

    static List<Tensor> rounded(Tensor values) {
        return List.of(values.to(ScalarType.Float8_e4m3fn));
    }

    private static List<Form> forms(List<Long> shape) {
        return List.of(new Form(ScalarType.Float8_e4m3fn, 1, shape));
    }

    @Override
    public Tensor forward(Tensor input) {
        return Scoped.tensor(() -> {
            TensorOptional offset = bias.map(b -> new TensorOptional(cast(b))).orElseGet(TensorOptional::new);
            return Linear.product(input, cast(weight), offset);
        });
    }

    private Tensor cast(DerivedWeight small) {
        return small.tensors().getFirst().to(ScalarTypes.of(precision));
    }
}
