package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import io.github.cogvideo4j.inference.options.Precision;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// T5 v1.1's feed-forward: one projection through a GELU gates another. In fp16 its last projection stays fp32,
/// because its values pass fp16's largest.
final class T5FeedForward {
    private final Precision outPrecision;
    private final Linear gate;
    private final Linear linear;
    private final Linear out;

    T5FeedForward(Weights weights, T5Config config) {
        this.outPrecision = weights.precision() == Precision.FP16 ? Precision.FP32 : weights.precision();
        this.gate = Linear.withoutBias(weights.at("wi_0"), config.dModel(), config.dFf());
        this.linear = Linear.withoutBias(weights.at("wi_1"), config.dModel(), config.dFf());
        this.out = Linear.withoutBias(weights.at("wo").in(outPrecision), config.dFf(), config.dModel());
    }

    /// `[batch, tokens, width]` to the same; fp32 in an fp16 model.
    Tensor forward(Tensor hidden) {
        Tensor inner = Scoped.tensor(() -> gelu(gate.forward(hidden)).mul_(linear.forward(hidden)));
        return out.forward(inner.to(ScalarTypes.of(outPrecision)));
    }

    /// `0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`, operation by operation in the working type: in half
    /// precision the fused kernel rounds less often than the reference.
    private static Tensor gelu(Tensor x) {
        Tensor curve = x.pow(new Scalar(3.0))
                .mul_(new Scalar(0.044715))
                .add_(x)
                .mul_(new Scalar(Math.sqrt(2 / Math.PI)))
                .tanh_()
                .add_(new Scalar(1.0));
        return curve.mul_(x.mul_(new Scalar(0.5)));
    }
}
