package io.github.cogvideo4j.inference.vae;

import io.github.cogvideo4j.inference.runtime.Scoped;
import io.github.cogvideo4j.inference.weights.Weight;
import io.github.cogvideo4j.inference.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/// Twice the height and width, twice the frames where the level says so, and a convolution in each frame.
///
/// Of an odd number of frames the first stays single. A doubled frame is convolved once: both are the same.
final class Upsampler {
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
    Tensor forward(Tensor input) {
        return Scoped.tensor(() -> {
            long frames = input.size(0);
            long height = 2 * input.size(1);
            long width = 2 * input.size(2);
            long single = doublesFrames ? frames % 2 : frames;
            Tensor output = torch.empty(
                    new long[] {single + 2 * (frames - single), height, width, input.size(3)}, input.options(), null);
            Tensor kernel = weight.tensor().contiguous(MemoryFormat.ChannelsLast);
            TensorOptional shift = new TensorOptional(bias.tensor());
            for (long i = 0; i < frames; i++) {
                long frame = i;
                Scoped.run(() -> {
                    Tensor large =
                            torch.upsample_nearest2d(input.narrow(0, frame, 1).permute(0, 3, 1, 2), height, width);
                    Tensor result = torch.conv2d(
                                    large, kernel, shift, new long[] {1, 1}, new long[] {1, 1}, new long[] {1, 1}, 1)
                            .permute(0, 2, 3, 1);
                    long copies = frame < single ? 1 : 2;
                    output.narrow(0, frame < single ? frame : 2 * frame - single, copies)
                            .copy_(result);
                });
            }
            return output;
        });
    }
}
