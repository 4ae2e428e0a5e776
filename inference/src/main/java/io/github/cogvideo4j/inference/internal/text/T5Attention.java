package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.inference.internal.layer.Attention;
import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;

/// T5's self-attention: no biases in its projections, no scaling of its scores, relative positions added to
/// them.
final class T5Attention {
    private final long heads;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;

    T5Attention(Weights weights, T5Config config) {
        this.heads = config.numHeads();
        this.query = Linear.withoutBias(weights.at("q"), config.dModel(), config.innerDim());
        this.key = Linear.withoutBias(weights.at("k"), config.dModel(), config.innerDim());
        this.value = Linear.withoutBias(weights.at("v"), config.dModel(), config.innerDim());
        this.out = Linear.withoutBias(weights.at("o"), config.innerDim(), config.dModel());
    }

    /// @param hidden `[batch, tokens, width]`
    /// @param bias   added to the scores, `[1 or batch, heads, tokens, tokens]`
    Tensor forward(Tensor hidden, Tensor bias) {
        Tensor attended = Attention.biased(
                split(query.forward(hidden)), split(key.forward(hidden)), split(value.forward(hidden)), bias);
        return out.forward(attended.transpose(1, 2).flatten(2, 3));
    }

    /// `[batch, heads, tokens, width of a head]`, a view.
    private Tensor split(Tensor projected) {
        return projected.unflatten(2, heads, -1).transpose(1, 2);
    }
}
