package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A normalisation layer whose statistics are those of a whole chunk of frames.
sealed interface Norm {
    /// Takes the statistics of a chunk. The result reads the frames again when it is asked for them, and
    /// belongs to the current scope.
    ///
    /// @param frames  `[frames, height, width, channels]`
    /// @param latents the latents that are decoded, `[latent frames, h, w, latent channels]`; ignored by the
    ///                encoder's norms
    NormalizedFrames over(Tensor frames, Tensor latents);

    /// A maker of an encoder's or a decoder's norms.
    @FunctionalInterface
    interface Factory {
        Norm norm(Weights weights, long channels);
    }

    /// Group normalisation: mean and variance over a group of channels, all pixels and all frames.
    ///
    /// It yields a scale and a shift for each channel, in fp32. libtorch's own function would write a normalised
    /// chunk, and it is slow with channels last.
    final class Group implements Norm {
        private final Weight weight; // [channels]
        private final Weight bias; // [channels]
        private final int groups;
        private final double eps;

        Group(Weights weights, long channels, int groups, double eps) {
            this.weight = weights.get("weight", channels);
            this.bias = weights.get("bias", channels);
            this.groups = groups;
            this.eps = eps;
        }

        @Override
        public NormalizedFrames over(Tensor frames, Tensor latents) {
            ScaleAndShift affine = affine(ChannelMoments.of(frames));
            return new NormalizedFrames(
                    frames, affine.scale().view(1, 1, 1, -1), affine.shift().view(1, 1, 1, -1));
        }

        /// The factor and the summand of a chunk's values, `[channels]` each, in fp32.
        ///
        /// @param scale `weight / sqrt(variance + eps)`
        /// @param shift `bias - mean * scale`
        record ScaleAndShift(Tensor scale, Tensor shift) {}

        ScaleAndShift affine(ChannelMoments moments) {
            Tensor means = moments.mean().view(groups, -1);
            Tensor variances = moments.variance().view(groups, -1);
            Tensor mean = means.mean(new long[] {1}, true, null);
            Tensor variance = variances.add_(means.sub(mean).square_()).mean(new long[] {1}, true, null);
            Tensor scale = weight.tensor()
                    .to(ScalarType.Double)
                    .view(groups, -1)
                    .mul(variance.add_(new Scalar(eps)).rsqrt_());
            Tensor shift = bias.tensor().to(ScalarType.Double).view(groups, -1).sub(mean.mul(scale));
            return new ScaleAndShift(
                    scale.view(-1).to(ScalarType.Float), shift.view(-1).to(ScalarType.Float));
        }
    }

    /// The decoder's norm: a group norm whose result is scaled and shifted by what the latents say at that place.
    ///
    /// The reference spreads the latents to the frames' size first and then applies the two 1x1x1 convolutions.
    /// They are applied to the latents here, which gives the same numbers for a fraction of the work, and spread
    /// afterwards.
    final class Spatial implements Norm {
        private static final double EPS = 1e-6;

        private final Group norm;
        private final PointConv scale;
        private final PointConv shift;

        Spatial(Weights weights, long channels, long latentChannels, int groups) {
            this.norm = new Group(weights.at("norm_layer"), channels, groups, EPS);
            this.scale = new PointConv(weights.at("conv_y").at("conv"), latentChannels, channels);
            this.shift = new PointConv(weights.at("conv_b").at("conv"), latentChannels, channels);
        }

        @Override
        public NormalizedFrames over(Tensor frames, Tensor latents) {
            Group.ScaleAndShift affine = norm.affine(ChannelMoments.statistics(frames));
            Tensor outer = scale.forward(latents).to(ScalarType.Float);
            Tensor added = shift.forward(latents).to(ScalarType.Float);
            // (x scale + shift) outer + added
            return new NormalizedFrames(
                    frames, outer.mul(affine.scale()), outer.mul(affine.shift()).add_(added));
        }
    }
}
