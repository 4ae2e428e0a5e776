package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.internal.layer.LayerNorm;
import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// The norm before a block's attention or feed-forward ("adaLN-Zero"): one layer norm for text and video,
/// then a shift and scale of each that come from the timestep, as do the gates of what follows.
final class LayerNormZero {
    private final long width;
    private final Linear linear; // time -> 6 width: shift, scale, gate of the video, then of the text
    private final LayerNorm norm;

    LayerNormZero(Weights weights, TransformerConfig config) {
        this.width = config.innerDim();
        this.linear = Linear.of(weights.at("linear"), config.timeEmbedDim(), 6 * width);
        this.norm = LayerNorm.of(weights.at("norm"), width, config.normEps(), config.normElementwiseAffine());
    }

    /// @param tokens    the modulated tokens
    /// @param videoGate `[batch, 1, width]`
    /// @param textGate  `[batch, 1, width]`
    record Result(JointTokens tokens, Tensor videoGate, Tensor textGate) {
        /// Adds a residual through the gates: `stream += gate * residual`, in place. The residual is changed.
        void addGated(JointTokens stream, JointTokens residual) {
            residual.video().mul_(videoGate);
            residual.text().mul_(textGate);
            stream.all().add_(residual.all());
        }
    }

    /// @param tokens `[batch, tokens, width]`, left as they are
    /// @param time   the timestep's embedding, `[batch, time width]`
    Result forward(JointTokens tokens, Tensor time, Probe probe) {
        Tensor factors = linear.forward(torch.silu(time)).unsqueeze(1); // [batch, 1, 6 width]
        JointTokens normed = new JointTokens(norm.forward(tokens.all()), tokens.textTokens());
        new Modulation(factor(factors, 0), factor(factors, 1)).applyTo(normed.video());
        new Modulation(factor(factors, 3), factor(factors, 4)).applyTo(normed.text());
        Result result = new Result(normed, factor(factors, 2), factor(factors, 5));
        probe.see("hidden", normed.video());
        probe.see("encoder", normed.text());
        probe.see("gate", result.videoGate);
        probe.see("enc_gate", result.textGate);
        return result;
    }

    private Tensor factor(Tensor factors, long index) {
        return factors.narrow(2, index * width, width);
    }
}
