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
    /// @param index     which block it is
    /// @param tokens    `[batch, tokens, width]`
    /// @param time      the timestep's embedding, `[batch, time width]`
    /// @param reference as in [TransformerInput]
    /// @param parts     where the outputs of attention and feed-forward come from
    void forward(
            int index,
            JointTokens tokens,
            Tensor time,
            Optional<RotaryPositions> positions,
            boolean reference,
            BlockParts parts,
            ActivationProbe probe) {
        long rows = tokens.all().size(0);
        Scoped.run(() -> {
            LayerNormZero.Step norm = attentionNorm.at(time);
            Tensor residual = parts.attention(index, rows, () -> {
                JointTokens normed = norm.forward(tokens, probe.at("norm1"));
                return attention
                        .forward(normed, positions, reference, probe.at("attn1"))
                        .all();
            });
            norm.addGated(tokens, residual);
        });
        Scoped.run(() -> {
            LayerNormZero.Step norm = feedForwardNorm.at(time);
            Tensor residual = parts.feedForward(index, rows, () -> {
                Tensor output = feedForward.forward(
                        norm.forward(tokens, probe.at("norm2")).all());
                probe.see("ff", output);
                return output;
            });
            norm.addGated(tokens, residual);
        });
        probe.see("hidden", tokens.video());
        probe.see("encoder", tokens.text());
    }
}
