package io.github.cogvideo4j.inference.internal.layer;

import io.github.cogvideo4j.inference.internal.weights.Weight;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/// A linear layer whose weight is used as it is.
///
/// @param weight `[out, in]`
/// @param bias   `[out]`
record DenseLinear(Weight weight, Optional<Weight> bias) implements Linear {
    @Override
    public Tensor forward(Tensor input) {
        TensorOptional offset = bias.map(b -> new TensorOptional(b.tensor())).orElseGet(TensorOptional::new);
        return Linear.product(input, weight.tensor(), offset);
    }
}
