package io.github.cogvideo4j.inference.internal.device;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Kernels;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/// Kernels tried on a device, with random numbers.
///
/// @param device    where
/// @param precision the type of the numbers
public record KernelTrials(ComputeDevice device, Precision precision) {
    private static final int WARMING = 2;
    private static final int MEASURED = 3;

    /// The sizes of an attention.
    ///
    /// @param rows   the batch
    /// @param heads  heads
    /// @param tokens of queries, and of keys
    /// @param width  of a head
    public record AttentionShape(long rows, long heads, long tokens, long width) {
        /// The same of fewer tokens.
        AttentionShape ofTokens(long fewer) {
            return new AttentionShape(rows, heads, Math.min(tokens, fewer), width);
        }

        @Override
        public String toString() {
            return "%dx%dx%dx%d".formatted(rows, heads, tokens, width);
        }
    }

    /// The sizes of a convolution with kernels of 3 x 3 x 3.
    ///
    /// @param channels going in, and coming out
    /// @param frames   going in
    /// @param height   of a frame
    /// @param width    of a frame
    public record ConvolutionShape(long channels, long frames, long height, long width) {
        @Override
        public String toString() {
            return "%dx%dx%dx%d".formatted(channels, frames, height, width);
        }
    }

    /// The seconds of an attention by one kernel; empty when it cannot compute it.
    public OptionalDouble attention(AttentionKernel kernel, AttentionShape shape) {
        return seconds(() -> {
            Kernels.use(kernel, false);
            Tensor[] parts = IntStream.range(0, 3)
                    .mapToObj(_ -> random(shape.rows(), shape.tokens(), shape.heads(), shape.width())
                            .transpose(1, 2))
                    .toArray(Tensor[]::new);
            return () -> torch.scaled_dot_product_attention(parts[0], parts[1], parts[2]);
        });
    }

    /// The seconds of a convolution in channels-last layout, with cuDNN trying its algorithms before or without.
    public OptionalDouble convolution(boolean benchmark, ConvolutionShape shape) {
        return seconds(() -> {
            Kernels.use(AttentionKernel.AUTO, benchmark);
            Tensor input = random(1, shape.channels(), shape.frames(), shape.height(), shape.width())
                    .contiguous(MemoryFormat.ChannelsLast3d);
            Tensor kernel = random(shape.channels(), shape.channels(), 3, 3, 3).contiguous(MemoryFormat.ChannelsLast3d);
            long[] once = {1, 1, 1};
            long[] none = {0, 0, 0};
            return () -> torch.convolution(
                    input, kernel, new TensorOptional(), once, new long[] {0, 1, 1}, once, false, none, 1);
        });
    }

    private Tensor random(long... shape) {
        TensorOptions options =
                new TensorOptions(ScalarTypes.of(precision)).device(new DeviceOptional(device.torchDevice()));
        return torch.empty(shape, options, new MemoryFormatOptional()).normal_(0, 1, new GeneratorOptional());
    }

    /// Something that is prepared once and computed several times.
    @FunctionalInterface
    private interface Prepared {
        Runnable ready();
    }

    /// The median. Whatever was tried, any kernel may compute afterwards.
    private OptionalDouble seconds(Prepared trial) {
        double[] seconds = new double[MEASURED];
        try (var _ = Torch.inferenceMode()) {
            Scoped.run(() -> {
                Runnable computation = trial.ready();
                for (int i = 0; i < WARMING; i++) {
                    Scoped.run(computation);
                }
                device.finish();
                for (int i = 0; i < MEASURED; i++) {
                    long start = System.nanoTime();
                    Scoped.run(computation);
                    device.finish();
                    seconds[i] = (System.nanoTime() - start) / 1e9;
                }
            });
            Arrays.sort(seconds);
            return OptionalDouble.of(seconds[MEASURED / 2]);
        } catch (RuntimeException _) {
            // It is not for this type, this card or these sizes, or the memory does not suffice for it.
            return OptionalDouble.empty();
        } finally {
            Kernels.use(AttentionKernel.AUTO, false);
            device.emptyCache();
        }
    }
}
