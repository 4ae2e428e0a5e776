package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Group normalisation: mean and variance over a group of channels, all pixels and all frames.
///
/// It is told as a scale and a shift for each channel, in fp32. libtorch's own would write a normalised chunk,
/// and is slow where channels are last.
final class GroupNorm implements Norm {
    private final Weight weight; // [channels]
    private final Weight bias; // [channels]
    private final int groups;
    private final double eps;

    GroupNorm(Weights weights, long channels, int groups, double eps) {
        this.weight = weights.get("weight", channels);
        this.bias = weights.get("bias", channels);
        this.groups = groups;
        this.eps = eps;
    }

    @Override
    public NormalizedFrames over(Tensor frames, Tensor latents) {
        ScaleAndShift affine = affine(frames);
        return new NormalizedFrames(
                frames, affine.scale().view(1, 1, 1, -1), affine.shift().view(1, 1, 1, -1));
    }

    /// What a chunk's values are multiplied with and what is added then, `[channels]` each, in fp32.
    ///
    /// @param scale `weight / sqrt(variance + eps)`
    /// @param shift `bias - mean * scale`
    record ScaleAndShift(Tensor scale, Tensor shift) {}

    ScaleAndShift affine(Tensor frames) {
        long channels = frames.size(3);
        // The running statistics are not updated; their type makes those of half precision come out in fp32.
        TensorOptional unused = new TensorOptional(torch.zeros(
                new long[] {channels},
                new TensorOptions(ScalarType.Float).device(frames.options().device_opt())));
        T_TensorTensor_T statistics = torch.batch_norm_update_stats(frames.permute(0, 3, 1, 2), unused, unused, 0);
        Tensor means = statistics.get0().view(groups, -1);
        Tensor variances = statistics.get1().view(groups, -1);
        Tensor mean = means.mean(new long[] {1}, true, null);
        Tensor variance = variances.add_(means.sub(mean).square_()).mean(new long[] {1}, true, null);
        Tensor scale = weight.tensor()
                .to(ScalarType.Float)
                .view(groups, -1)
                .mul(variance.add_(new Scalar(eps)).rsqrt_());
        Tensor shift = bias.tensor().to(ScalarType.Float).view(groups, -1).sub(mean.mul(scale));
        return new ScaleAndShift(scale.view(-1), shift.view(-1));
    }
}
