package io.github.cogvideo4j.inference.vae;

import io.github.cogvideo4j.inference.runtime.Scoped;
import io.github.cogvideo4j.inference.weights.Weight;
import io.github.cogvideo4j.inference.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/// A 3x3x3 convolution that looks at a frame and the two before it. Before the first chunk of a video stands
/// its first frame, twice; before every other chunk stand the last two frames of what was read with the chunk
/// before.
///
/// Activations are `[frames, height, width, channels]`, which to a convolution is one video in channels-last
/// layout: twice as fast on a CPU as channels first. A chunk goes through in slices of a few frames. That
/// changes no number, and memory holds no padded copy of the chunk.
final class CausalConv3d {
    private static final long SIZE = 3;
    private static final long EARLIER = SIZE - 1;
    /// The input that a slice may have; larger ones are no faster.
    private static final long SLICE_BYTES = 96L << 20;

    private final String name;
    private final long in;
    private final Weight weight; // [out, in, 3, 3, 3]
    private final Weight bias; // [out]

    /// A convolution with its weights under `conv`.
    ///
    /// @param name what its cache is called
    CausalConv3d(Weights weights, String name, long in, long out) {
        Weights conv = weights.at("conv");
        this.name = name;
        this.in = in;
        this.weight = conv.get("weight", out, in, SIZE, SIZE, SIZE);
        this.bias = conv.get("bias", out);
    }

    /// Takes slices of the result, in order: the number of the first frame, and `[frames, height, width, out]`.
    @FunctionalInterface
    interface Slices {
        void accept(long first, Tensor frames);
    }

    /// Convolves a chunk. Frames are read before the slice that depends on them is handed out, and not again.
    ///
    /// @param input  its frames
    /// @param like   a tensor of the type and on the device of use, `[frames, height, width, ...]`
    /// @param caches what the chunk before left; gets what this one leaves
    /// @param output takes the result
    void forward(FrameSource input, Tensor like, ConvCaches caches, Slices output) {
        Scoped.run(() -> {
            long count = like.size(0);
            long height = like.size(1);
            long width = like.size(2);
            long slice = slice(count, height * width * in * like.element_size());
            Tensor kernel = weight.tensor().contiguous(MemoryFormat.ChannelsLast3d);
            TensorOptional shift = new TensorOptional(bias.tensor());
            Tensor window = torch.empty(new long[] {EARLIER + slice, height, width, in}, like.options(), null);
            for (long first = 0; first < count; first += slice) {
                long start = first;
                long frames = Math.min(slice, count - first);
                Scoped.run(() -> {
                    input.write(start, window.narrow(0, EARLIER, frames));
                    if (start == 0) {
                        fillEarlier(window, caches);
                    }
                    output.accept(start, convolve(window.narrow(0, 0, EARLIER + frames), kernel, shift));
                    for (long i = 0; i < EARLIER; i++) {
                        window.select(0, i).copy_(window.select(0, frames + i));
                    }
                });
            }
            caches.remember(name, window.narrow(0, 0, EARLIER));
        });
    }

    private void fillEarlier(Tensor window, ConvCaches caches) {
        Tensor earlier = window.narrow(0, 0, EARLIER);
        caches.of(name)
                .ifPresentOrElse(cache -> earlier.copy_(cache), () -> earlier.copy_(window.narrow(0, EARLIER, 1)));
    }

    private static Tensor convolve(Tensor window, Tensor kernel, TensorOptional bias) {
        long[] once = {1, 1, 1};
        Tensor video = window.permute(3, 0, 1, 2).unsqueeze(0);
        Tensor result = torch.conv3d(video, kernel, bias, once, new long[] {0, 1, 1}, once, 1);
        return result.squeeze(0).permute(1, 2, 3, 0);
    }

    /// Frames in a slice: all slices about equally long.
    private static long slice(long count, long frameBytes) {
        long most = Math.max(1, SLICE_BYTES / frameBytes);
        long slices = Math.ceilDiv(count, most);
        return Math.ceilDiv(count, slices);
    }
}
