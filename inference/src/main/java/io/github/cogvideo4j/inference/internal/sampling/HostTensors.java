package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// libtorch tensors of blocks in native memory, and the other way round.
public final class HostTensors {
    private HostTensors() {}

    /// A copy of a tensor, from whatever device it is on.
    public static HostTensor copyOf(Tensor tensor) {
        HostTensor copy = HostTensor.allocate(ScalarTypes.precision(tensor), tensor.shape());
        try (PointerScope _ = new PointerScope()) {
            view(copy).copy_(tensor);
        }
        return copy;
    }

    /// Tensors one after the other along the first dimension.
    public static HostTensor joined(List<Tensor> tensors) {
        try (PointerScope _ = new PointerScope()) {
            return copyOf(torch.cat(new TensorVector(tensors.toArray(Tensor[]::new))));
        }
    }

    /// The numbers as a tensor on the CPU, without a copy: valid while the block is open.
    public static Tensor view(HostTensor block) {
        return NativeMemory.view(block.values(), ScalarTypes.of(block.precision()), block.shape());
    }
}
