package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Self-attention and feed-forward, each after a norm, each added to what came in.
final class T5Layer {
    /// fp16's largest value, and what the reference takes for infinities in it.
    private static final double LARGEST_FP16 = 65_504 - 1_000;

    private final RmsNorm attentionNorm;
    private final T5Attention attention;
    private final RmsNorm feedForwardNorm;
    private final T5FeedForward feedForward;

    T5Layer(Weights weights, T5Config config) {
        Weights first = weights.at("layer", 0);
        Weights second = weights.at("layer", 1);
        this.attentionNorm = new RmsNorm(first.at("layer_norm"), config);
        this.attention = new T5Attention(first.at("SelfAttention"), config);
        this.feedForwardNorm = new RmsNorm(second.at("layer_norm"), config);
        this.feedForward = new T5FeedForward(second.at("DenseReluDense"), config);
    }

    /// @param hidden `[batch, tokens, width]`; changed in place where the types allow it
    /// @param bias   added to the attention's scores
    Tensor forward(Tensor hidden, Tensor bias) {
        Tensor attended = Scoped.tensor(() -> attention.forward(attentionNorm.forward(hidden), bias));
        Tensor middle = withoutInfinities(add(hidden, attended));
        Tensor residual = Scoped.tensor(() -> feedForward.forward(feedForwardNorm.forward(middle)));
        return withoutInfinities(add(middle, residual));
    }

    /// In an fp16 model the stream becomes fp32 with the first feed-forward.
    private static Tensor add(Tensor stream, Tensor residual) {
        boolean sameType =
                stream.scalar_type().intern() == residual.scalar_type().intern();
        return sameType ? stream.add_(residual) : stream.add(residual);
    }

    private static Tensor withoutInfinities(Tensor hidden) {
        if (hidden.scalar_type().intern() != ScalarType.Half
                || !hidden.isinf().any().item_bool()) {
            return hidden;
        }
        return hidden.clamp_(
                new ScalarOptional(new Scalar(-LARGEST_FP16)), new ScalarOptional(new Scalar(LARGEST_FP16)));
    }
}
