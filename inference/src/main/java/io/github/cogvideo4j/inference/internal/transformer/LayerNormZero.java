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

    /// @param time the timestep's embedding, `[batch, time width]`
    Step at(Tensor time) {
        return new Step(linear.forward(torch.silu(time)).unsqueeze(1));
    }

    /// The norm at one timestep.
    final class Step {
        private final Tensor factors; // [batch, 1, 6 width]

        private Step(Tensor factors) {
            this.factors = factors;
        }

        /// The modulated tokens.
        ///
        /// @param tokens `[batch, tokens, width]`, left as they are
        JointTokens forward(JointTokens tokens, ActivationProbe probe) {
            JointTokens normed = new JointTokens(norm.forward(tokens.all()), tokens.textTokens());
            new Modulation(factor(0), factor(1)).applyTo(normed.video());
            new Modulation(factor(3), factor(4)).applyTo(normed.text());
            probe.see("hidden", normed.video());
            probe.see("encoder", normed.text());
            probe.see("gate", factor(2));
            probe.see("enc_gate", factor(5));
            return normed;
        }

        /// Adds a residual through the gates: `stream += gate * residual`, in place. The residual is changed.
        void addGated(JointTokens stream, Tensor residual) {
            JointTokens added = new JointTokens(residual, stream.textTokens());
            added.video().mul_(factor(2));
            added.text().mul_(factor(5));
            stream.all().add_(residual);
        }

        private Tensor factor(long index) {
            return factors.narrow(2, index * width, width);
        }
    }
}
