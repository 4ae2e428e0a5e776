package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.internal.layer.LayerNorm;
import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// The step from the video's tokens back to latents: two norms, the second modulated by the timestep, a projection to
/// patches, and the patches put in their places.
final class PatchOutput {
    private final TransformerConfig config;
    private final LayerNorm finalNorm;
    private final Linear modulation; // time -> 2 width: shift, then scale
    private final LayerNorm norm;
    private final Linear projection; // width -> channels, depth, patch, patch

    /// @param weights the transformer's own: the parts lie beside the blocks
    PatchOutput(Weights weights, TransformerConfig config) {
        long width = config.innerDim();
        long depth = config.patchSizeT().orElse(1);
        boolean affine = config.normElementwiseAffine();
        this.config = config;
        this.finalNorm = LayerNorm.of(weights.at("norm_final"), width, config.normEps(), affine);
        this.modulation = Linear.of(weights.at("norm_out").at("linear"), config.timeEmbedDim(), 2 * width);
        this.norm = LayerNorm.of(weights.at("norm_out").at("norm"), width, config.normEps(), affine);
        this.projection = Linear.of(
                weights.at("proj_out"), width, depth * config.patchSize() * config.patchSize() * config.outChannels());
    }

    /// The latents, `[batch, frames, channels, height, width]`.
    ///
    /// @param video  `[batch, video tokens, width]`
    /// @param time   the timestep's embedding
    /// @param frames latent frames
    /// @param height height in latent pixels
    /// @param width  width in latent pixels
    Tensor forward(Tensor video, Tensor time, long frames, long height, long width, ActivationProbe probe) {
        Tensor hidden = finalNorm.forward(video);
        probe.see("norm_final", hidden);
        hidden = norm.forward(hidden);
        Tensor factors = modulation.forward(torch.silu(time)).unsqueeze(1);
        long channels = config.innerDim();
        new Modulation(factors.narrow(2, 0, channels), factors.narrow(2, channels, channels)).applyTo(hidden);
        probe.see("norm_out", hidden);
        return placed(projection.forward(hidden), frames, height, width);
    }

    private Tensor placed(Tensor patches, long frames, long height, long width) {
        long patch = config.patchSize();
        long depth = config.patchSizeT().orElse(1);
        long batch = patches.size(0);
        return patches.reshape(
                        batch, frames / depth, height / patch, width / patch, config.outChannels(), depth, patch, patch)
                .permute(0, 1, 5, 4, 2, 6, 3, 7) // [batch, frames, depth, channels, rows, patch, columns, patch]
                .reshape(batch, frames, config.outChannels(), height, width);
    }
}
