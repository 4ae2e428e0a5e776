package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.internal.layer.Attention;
import io.github.cogvideo4j.inference.internal.layer.LayerNorm;
import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Attention of text and video to each other. Queries and keys are normed per head; where the model is rotary,
/// those of the video are turned by their positions.
final class JointAttention {
    /// The reference's constant; `norm_eps` does not apply here.
    private static final double EPS = 1e-6;

    private final long heads;
    private final Linear toQuery;
    private final Linear toKey;
    private final Linear toValue;
    private final LayerNorm queryNorm;
    private final LayerNorm keyNorm;
    private final Linear toOut;

    JointAttention(Weights weights, TransformerConfig config) {
        long width = config.innerDim();
        this.heads = config.numAttentionHeads();
        this.toQuery = Linear.of(weights.at("to_q"), width, width, config.attentionBias());
        this.toKey = Linear.of(weights.at("to_k"), width, width, config.attentionBias());
        this.toValue = Linear.of(weights.at("to_v"), width, width, config.attentionBias());
        this.queryNorm = LayerNorm.of(weights.at("norm_q"), config.attentionHeadDim(), EPS, true);
        this.keyNorm = LayerNorm.of(weights.at("norm_k"), config.attentionHeadDim(), EPS, true);
        this.toOut = Linear.of(weights.at("to_out", 0), width, width);
    }

    /// `[batch, tokens, width]` to the same.
    ///
    /// @param reference as in [TransformerInput]
    JointTokens forward(
            JointTokens tokens, Optional<RotaryPositions> positions, boolean reference, ActivationProbe probe) {
        Tensor query = Scoped.tensor(() -> positioned(toQuery, queryNorm, "norm_q", tokens, positions, probe));
        Tensor key = Scoped.tensor(() -> positioned(toKey, keyNorm, "norm_k", tokens, positions, probe));
        Tensor value = toValue.forward(tokens.all());
        probe.see("to_v", value);
        Tensor values = split(value).transpose(1, 2);
        Tensor attended = (reference ? withReference(query, key, values) : Attention.of(query, key, values))
                .transpose(1, 2) // [batch, tokens, heads, width]
                .flatten(2, 3);
        JointTokens result = new JointTokens(toOut.forward(attended), tokens.textTokens());
        probe.see("hidden", result.video());
        probe.see("encoder", result.text());
        return result;
    }

    /// Source: the attention processor of CogVideo's `ddim_inversion.py`.
    private static Tensor withReference(Tensor query, Tensor key, Tensor value) {
        long half = query.size(0) / 2;
        Tensor own = Attention.of(query.narrow(0, 0, half), beside(key, half), beside(value, half));
        Tensor theirs =
                Attention.of(query.narrow(0, half, half), key.narrow(0, half, half), value.narrow(0, half, half));
        return torch.cat(new TensorVector(own, theirs));
    }

    /// The tokens of the first half, followed by those of the second.
    private static Tensor beside(Tensor tokens, long half) {
        return torch.cat(new TensorVector(tokens.narrow(0, 0, half), tokens.narrow(0, half, half)), 2);
    }

    /// Queries or keys, `[batch, heads, tokens, width of a head]`.
    private Tensor positioned(
            Linear projection,
            LayerNorm norm,
            String name,
            JointTokens tokens,
            Optional<RotaryPositions> positions,
            ActivationProbe probe) {
        Tensor normed = norm.forward(split(projection.forward(tokens.all())));
        Tensor byHead = normed.transpose(1, 2);
        probe.see(name, byHead);
        positions.ifPresent(rotary -> rotary.turn(new JointTokens(normed, tokens.textTokens()).video()));
        return byHead;
    }

    /// `[batch, tokens, heads, width of a head]`, a view.
    private Tensor split(Tensor projected) {
        return projected.unflatten(2, heads, -1);
    }
}
