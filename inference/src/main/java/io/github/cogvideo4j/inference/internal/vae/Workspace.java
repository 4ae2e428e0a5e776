package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Memory that one step after another works in. Activations are hundreds of megabytes, for which a process gets
/// fresh pages whenever it asks, and a tenth of a video's time would go into these.
///
/// There are two activations at any time, a step's input and its output, and the window of one convolution.
final class Workspace implements AutoCloseable {
    private Optional<Tensor> current = Optional.empty();
    private Optional<Tensor> previous = Optional.empty();
    private Optional<Tensor> window = Optional.empty();

    /// Memory for an activation, with anything in it. It is the activation's until the next but one is asked for.
    ///
    /// @param like of the type and on the device of use
    Tensor activation(Tensor like, long... shape) {
        Optional<Tensor> reused = previous;
        previous = current;
        current = Optional.of(atLeast(reused, like, shape));
        return shaped(current.get(), shape);
    }

    /// Memory for what a convolution reads, with anything in it, until it is asked for again.
    ///
    /// @param like of the type and on the device of use
    Tensor window(Tensor like, long... shape) {
        window = Optional.of(atLeast(window, like, shape));
        return shaped(window.get(), shape);
    }

    private static Tensor atLeast(Optional<Tensor> memory, Tensor like, long... shape) {
        long elements = elements(shape);
        if (memory.isPresent() && memory.get().numel() >= elements) {
            return memory.get();
        }
        memory.ifPresent(Tensor::close);
        return Scoped.keep(torch.empty(new long[] {elements}, like.options(), null));
    }

    private static Tensor shaped(Tensor memory, long... shape) {
        return memory.narrow(0, 0, elements(shape)).view(shape);
    }

    private static long elements(long... shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    @Override
    public void close() {
        current.ifPresent(Tensor::close);
        previous.ifPresent(Tensor::close);
        window.ifPresent(Tensor::close);
    }
}
