package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The decoder's norm: a group norm whose result is scaled and shifted by what the latents say at that place.
///
/// The reference spreads the latents to the frames' size first and then applies the two 1x1x1 convolutions.
/// They are applied to the latents here, which gives the same numbers for a fraction of the work, and spread
/// afterwards.
final class SpatialNorm implements Norm {
    private static final double EPS = 1e-6;

    private final GroupNorm norm;
    private final PointConv scale;
    private final PointConv shift;

    SpatialNorm(Weights weights, long channels, long latentChannels, int groups) {
        this.norm = new GroupNorm(weights.at("norm_layer"), channels, groups, EPS);
        this.scale = new PointConv(weights.at("conv_y").at("conv"), latentChannels, channels);
        this.shift = new PointConv(weights.at("conv_b").at("conv"), latentChannels, channels);
    }

    @Override
    public NormalizedFrames over(Tensor frames, Tensor latents) {
        GroupNorm.ScaleAndShift affine = norm.affine(frames);
        Tensor outer = scale.forward(latents).to(ScalarType.Float);
        Tensor added = shift.forward(latents).to(ScalarType.Float);
        // (x scale + shift) outer + added
        return new NormalizedFrames(
                frames, outer.mul(affine.scale()), outer.mul(affine.shift()).add_(added));
    }
}
