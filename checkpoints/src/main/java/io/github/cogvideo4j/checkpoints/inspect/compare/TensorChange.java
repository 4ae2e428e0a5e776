package io.github.cogvideo4j.checkpoints.inspect.compare;

import io.github.cogvideo4j.checkpoints.inspect.values.Change;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;

/// A tensor that both sides have, and how far it moved.
///
/// @param name       its key
/// @param position   where it belongs
/// @param shape      its sizes
/// @param modelDType how the model stores it
/// @param baseDType  how the base stores it
/// @param change     how far it moved
public record TensorChange(
        String name, TensorPosition position, Shape shape, DType modelDType, DType baseDType, Change change) {
    /// The norm of the difference over the norm of the base.
    public double relative() {
        return change.relative();
    }
}
