package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/// The change to half the height and width by a convolution in each frame and, where the level says so, to half the
/// frames by the mean of two.
///
/// Of an odd number of frames the first stays itself. Zeros are added below and on the right only.
final class Downsampler implements Level.Resampler {
    private final Weight weight; // [channels, channels, 3, 3]
    private final Weight bias; // [channels]
    private final boolean halvesFrames;

    Downsampler(Weights weights, long channels, boolean halvesFrames) {
        Weights conv = weights.at("conv");
        this.weight = conv.get("weight", channels, channels, 3, 3);
        this.bias = conv.get("bias", channels);
        this.halvesFrames = halvesFrames;
    }

    /// `[frames, height, width, channels]` to `[frames or half as many, height / 2, width / 2, channels]`.
    @Override
    public Tensor forward(Tensor input, Workspace workspace) {
        return Scoped.tensor(() -> {
            long frames = input.size(0);
            long single = halvesFrames ? frames % 2 : frames;
            long count = single + (frames - single) / 2;
            Tensor output = workspace.activation(input, count, input.size(1) / 2, input.size(2) / 2, input.size(3));
            Tensor kernel = weight.tensor(MemoryFormat.ChannelsLast);
            TensorOptional shift = new TensorOptional(bias.tensor());
            for (long i = 0; i < count; i++) {
                long frame = i;
                Scoped.run(() -> {
                    Tensor source =
                            frame < single ? input.narrow(0, frame, 1) : mean(input.narrow(0, 2 * frame - single, 2));
                    Tensor padded =
                            torch.constant_pad_nd(source.permute(0, 3, 1, 2), new long[] {0, 1, 0, 1}, new Scalar(0));
                    Tensor result = torch.conv2d(
                            padded.contiguous(MemoryFormat.ChannelsLast),
                            kernel,
                            shift,
                            new long[] {2, 2},
                            new long[] {0, 0},
                            new long[] {1, 1},
                            1);
                    output.narrow(0, frame, 1).copy_(result.permute(0, 2, 3, 1));
                });
            }
            return output;
        });
    }

    private static Tensor mean(Tensor pair) {
        return pair.mean(new long[] {0}, true, null);
    }
}
