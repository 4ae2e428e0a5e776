package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.Latents;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Latents as tensors, and tensors as latents.
public final class LatentTensors {
    private LatentTensors() {}

    /// A copy of a tensor, from whatever device it is on.
    public static Latents copyOf(Tensor tensor) {
        Latents copy = Latents.allocate(ScalarTypes.precision(tensor), tensor.shape());
        try (PointerScope _ = new PointerScope()) {
            view(copy).copy_(tensor);
        }
        return copy;
    }

    /// Tensors one after the other along the first dimension.
    static Latents joined(List<Tensor> tensors) {
        try (PointerScope _ = new PointerScope()) {
            return copyOf(torch.cat(new TensorVector(tensors.toArray(Tensor[]::new))));
        }
    }

    /// The numbers as a tensor on the CPU, without a copy: valid while the latents are open.
    public static Tensor view(Latents latents) {
        return NativeMemory.view(latents.values(), ScalarTypes.of(latents.precision()), latents.shape());
    }
}
