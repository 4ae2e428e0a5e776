package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.layer.Convolution;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/// The change to twice the height and width, to twice the frames where the level says so, with a convolution in each
/// frame.
///
/// Of an odd number of frames the first stays single. A doubled frame is convolved once: both are the same.
final class Upsampler implements Level.Resampler {
    private final Weight weight; // [channels, channels, 3, 3]
    private final Weight bias; // [channels]
    private final boolean doublesFrames;

    Upsampler(Weights weights, long channels, boolean doublesFrames) {
        Weights conv = weights.at("conv");
        this.weight = conv.get("weight", channels, channels, 3, 3);
        this.bias = conv.get("bias", channels);
        this.doublesFrames = doublesFrames;
    }

    /// `[frames, h, w, channels]` to `[frames or twice as many, 2h, 2w, channels]`.
    @Override
    public Tensor forward(Tensor input, Workspace workspace) {
        return Scoped.tensor(() -> {
            long frames = input.size(0);
            long height = 2 * input.size(1);
            long width = 2 * input.size(2);
            long channels = input.size(3);
            long single = doublesFrames ? frames % 2 : frames;
            Tensor output = workspace.activation(input, single + 2 * (frames - single), height, width, channels);
            Tensor large = workspace.window(input, 1, height, width, channels);
            Tensor kernel = weight.tensor(MemoryFormat.ChannelsLast);
            Tensor shift = bias.tensor();
            for (long i = 0; i < frames; i++) {
                long frame = i;
                Scoped.run(() -> {
                    torch.upsample_nearest2d_out(
                            large.permute(0, 3, 1, 2), input.narrow(0, frame, 1).permute(0, 3, 1, 2), height, width);
                    long at = frame < single ? frame : 2 * frame - single;
                    Tensor result = output.narrow(0, at, 1);
                    result.zero_();
                    Convolution.addToEach(result, large, kernel, shift);
                    if (frame >= single) {
                        output.narrow(0, at + 1, 1).copy_(result);
                    }
                });
            }
            return output;
        });
    }
}
