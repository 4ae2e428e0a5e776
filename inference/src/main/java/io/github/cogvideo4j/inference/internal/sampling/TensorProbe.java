package io.github.cogvideo4j.inference.internal.sampling;

import org.bytedeco.pytorch.Tensor;

/// A listener to tensors on their way, for tests.
@FunctionalInterface
public interface TensorProbe {
    /// Sees nothing.
    TensorProbe NONE = (_, _) -> {};

    /// A tensor by the name that the golden files give it; valid during the call.
    void see(String name, Tensor tensor);
}
