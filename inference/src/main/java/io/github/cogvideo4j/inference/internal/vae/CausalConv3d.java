package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.layer.Convolution;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;
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
    private final long out;
    private final Weight weight; // [out, in, 3, 3, 3]
    private final Weight bias; // [out]

    /// A convolution with its weights under `conv`.
    ///
    /// @param name what its cache is called
    CausalConv3d(Weights weights, String name, long in, long out) {
        Weights conv = weights.at("conv");
        this.name = name;
        this.in = in;
        this.out = out;
        this.weight = conv.get("weight", out, in, SIZE, SIZE, SIZE);
        this.bias = conv.get("bias", out);
    }

    /// The channels of what it gives.
    long outChannels() {
        return out;
    }

    /// Convolves a chunk. Frames are read before the slice that depends on them is written, and not again.
    ///
    /// @param input  its frames
    /// @param added  what the result is added to, the same for all or zeros
    /// @param output `[frames, height, width, out]`
    /// @param state   has what the chunk before left; gets what this one leaves
    void forward(LazyFrames input, LazyFrames added, Tensor output, CodingState state) {
        Scoped.run(() -> {
            long count = output.size(0);
            long height = output.size(1);
            long width = output.size(2);
            long slice = slice(count, height * width * in * output.element_size());
            Tensor kernel = weight.tensor(MemoryFormat.ChannelsLast3d);
            Tensor shift = bias.tensor();
            Tensor window = state.workspace().window(output, EARLIER + slice, height, width, in);
            for (long first = 0; first < count; first += slice) {
                long start = first;
                long frames = Math.min(slice, count - first);
                Scoped.run(() -> {
                    input.write(start, window.narrow(0, EARLIER, frames));
                    if (start == 0) {
                        fillEarlier(window, state.caches());
                    }
                    Tensor result = output.narrow(0, start, frames);
                    added.write(start, result);
                    Convolution.addTo(result, window.narrow(0, 0, EARLIER + frames), kernel, shift);
                    for (long i = 0; i < EARLIER; i++) {
                        window.select(0, i).copy_(window.select(0, frames + i));
                    }
                });
            }
            state.caches().remember(name, window.narrow(0, 0, EARLIER));
        });
    }

    private void fillEarlier(Tensor window, ConvCaches caches) {
        Tensor earlier = window.narrow(0, 0, EARLIER);
        caches.of(name)
                .ifPresentOrElse(cache -> earlier.copy_(cache), () -> earlier.copy_(window.narrow(0, EARLIER, 1)));
    }

    /// Frames in a slice: all slices about equally long.
    private static long slice(long count, long frameBytes) {
        long most = Math.max(1, SLICE_BYTES / frameBytes);
        long slices = Math.ceilDiv(count, most);
        return Math.ceilDiv(count, slices);
    }
}
