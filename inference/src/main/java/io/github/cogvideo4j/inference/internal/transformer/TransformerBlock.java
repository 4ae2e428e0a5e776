package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// Attention and feed-forward, each after a norm that the timestep modulates, each added through a gate.
final class TransformerBlock {
    private final LayerNormZero attentionNorm;
    private final JointAttention attention;
    private final LayerNormZero feedForwardNorm;
    private final FeedForward feedForward;

    TransformerBlock(Weights weights, TransformerConfig config) {
        this.attentionNorm = new LayerNormZero(weights.at("norm1"), config);
        this.attention = new JointAttention(weights.at("attn1"), config);
        this.feedForwardNorm = new LayerNormZero(weights.at("norm2"), config);
        this.feedForward = new FeedForward(weights.at("ff"), config);
    }

    /// Changes the tokens in place; what it needs in between is freed.
    ///
    /// @param tokens    `[batch, tokens, width]`
    /// @param time      the timestep's embedding, `[batch, time width]`
    /// @param reference as in [TransformerInput]
    void forward(JointTokens tokens, Tensor time, Optional<RotaryPositions> positions, boolean reference, Probe probe) {
        Scoped.run(() -> {
            LayerNormZero.Result normed = attentionNorm.forward(tokens, time, probe.at("norm1"));
            normed.addGated(tokens, attention.forward(normed.tokens(), positions, reference, probe.at("attn1")));
        });
        Scoped.run(() -> {
            LayerNormZero.Result normed = feedForwardNorm.forward(tokens, time, probe.at("norm2"));
            Tensor residual = feedForward.forward(normed.tokens().all());
            probe.see("ff", residual);
            normed.addGated(tokens, new JointTokens(residual, tokens.textTokens()));
        });
        probe.see("hidden", tokens.video());
        probe.see("encoder", tokens.text());
    }
}
