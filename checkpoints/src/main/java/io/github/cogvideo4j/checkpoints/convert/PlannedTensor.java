package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.tensor.DType;

/// A tensor of the result: where it comes from and the dtype it is written in.
///
/// @param entry where it comes from
/// @param dtype what its elements become
public record PlannedTensor(StateEntry entry, DType dtype) {
    /// Its key.
    public String name() {
        return entry.name();
    }

    /// Its name, dtype and shape in the result.
    public TensorSpec spec() {
        return new TensorSpec(name(), dtype, entry.tensor().shape());
    }

    /// Its bytes in the result.
    public long byteLength() {
        return io.github.cogvideo4j.formats.tensor.StoredTensor.byteLength(
                dtype, entry.tensor().shape());
    }
}
