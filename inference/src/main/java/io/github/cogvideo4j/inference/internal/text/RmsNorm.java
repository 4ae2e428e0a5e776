package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// T5's norm: the root mean square in fp32, no mean, no bias. The normed values become half precision before
/// the weight is applied.
final class RmsNorm {
    private final Weight weight; // [width]
    private final double epsilon;
    private final ScalarType type;

    RmsNorm(Weights weights, T5Config config) {
        this.weight = weights.get("weight", config.dModel());
        this.epsilon = config.epsilon();
        this.type = ScalarTypes.of(weights.precision());
    }

    /// `[..., width]` to the same, in the weights' type.
    Tensor forward(Tensor hidden) {
        Tensor wide = hidden.to(ScalarType.Float);
        Tensor factor = wide.square()
                .mean(new long[] {-1}, true, new ScalarTypeOptional())
                .add_(new Scalar(epsilon))
                .rsqrt_();
        return wide.mul(factor).to(type).mul_(weight.tensor());
    }
}
