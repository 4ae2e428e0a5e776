package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The mean and variance of each channel over all pixels and frames of a chunk.
///
/// On the CPU libtorch's own function adds one pixel after the other in fp32. Where a picture is flat, every addition
/// is rounded to the same side: over the 34,560 pixels of 9 frames of 80 x 48 the sum is off by 5e-4 of itself, over
/// those of a real video by percents. Here it adds a few rows for each column of the picture, and what it finds of them
/// is put together in fp64.
///
/// @param mean     fp64 `[channels]`
/// @param variance fp64 `[channels]`, of the population
record ChannelMoments(Tensor mean, Tensor variance) {
    /// Rows that are added one after the other: few enough for fp32, and enough for all processors.
    private static final long ROWS = 128;

    /// The moments of a chunk, flat or not: for what is encoded, such as masked videos and edge maps.
    ///
    /// @param frames `[frames, height, width, channels]`
    static ChannelMoments of(Tensor frames) {
        return frames.is_cpu() ? summed(frames) : statistics(frames);
    }

    private static ChannelMoments summed(Tensor frames) {
        long height = frames.size(1);
        long width = frames.size(2);
        long channels = frames.size(3);
        TensorOptions exact = new TensorOptions(ScalarType.Double);
        Tensor sums = torch.zeros(new long[] {channels}, exact);
        Tensor squares = torch.zeros(new long[] {channels}, exact);
        for (long frame = 0; frame < frames.size(0); frame++) {
            for (long row = 0; row < height; row += ROWS) {
                long number = frame;
                long first = row;
                long count = Math.min(ROWS, height - row);
                Scoped.run(() -> {
                    Tensor rows =
                            frames.select(0, number).narrow(0, first, count).reshape(1, count, 1, width * channels);
                    ChannelMoments columns = statistics(rows);
                    Tensor mean = columns.mean.view(width, channels);
                    Tensor square = columns.variance.view(width, channels).add(mean.square());
                    sums.add_(mean.sum(0).mul(new Scalar((double) count)));
                    squares.add_(square.sum(0).mul(new Scalar((double) count)));
                });
            }
        }
        Scalar pixels = new Scalar((double) (frames.size(0) * height * width));
        Tensor mean = sums.div_(pixels);
        Tensor variance = squares.div_(pixels).sub_(mean.square()).clamp_min_(new Scalar(0.0));
        return new ChannelMoments(mean, variance);
    }

    /// What libtorch's own function finds, ten times as fast: for what is decoded, which is seldom flat.
    static ChannelMoments statistics(Tensor frames) {
        // The running statistics are not updated; their type makes those of half precision come out in fp32.
        TensorOptional unused = new TensorOptional(torch.zeros(
                new long[] {frames.size(3)},
                new TensorOptions(ScalarType.Float).device(frames.options().device_opt())));
        T_TensorTensor_T statistics = torch.batch_norm_update_stats(frames.permute(0, 3, 1, 2), unused, unused, 0);
        return new ChannelMoments(
                statistics.get0().to(ScalarType.Double), statistics.get1().to(ScalarType.Double));
    }
}
