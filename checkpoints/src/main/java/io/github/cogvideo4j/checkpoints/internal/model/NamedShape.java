package io.github.cogvideo4j.checkpoints.internal.model;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;

/// A key of a state dict and the sizes of its tensor.
///
/// @param name  the key
/// @param shape the sizes
public record NamedShape(String name, Shape shape) {
    /// Name and sizes of a stored tensor.
    public static NamedShape of(StoredTensor tensor) {
        return new NamedShape(tensor.name(), tensor.shape());
    }
}
