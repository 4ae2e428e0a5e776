package io.github.cogvideo4j.formats.internal.safetensors;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;

/// The description of a tensor in a header, apart from where it is.
///
/// @param name  its key
/// @param dtype the type of its elements
/// @param shape its sizes
public record TensorSpec(String name, DType dtype, Shape shape) {
    /// What a stored tensor is.
    public static TensorSpec of(StoredTensor tensor) {
        return new TensorSpec(tensor.name(), tensor.dtype(), tensor.shape());
    }
}
