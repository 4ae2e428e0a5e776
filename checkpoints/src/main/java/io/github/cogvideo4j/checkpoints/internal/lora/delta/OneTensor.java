package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.List;

/// A change that is stored as one tensor.
sealed interface OneTensor extends Delta permits Difference, Replacement, Magnitude {
    /// The stored tensor.
    StoredTensor tensor();

    @Override
    default List<StoredTensor> tensors() {
        return List.of(tensor());
    }

    @Override
    default Shape shape() {
        return tensor().shape();
    }
}
