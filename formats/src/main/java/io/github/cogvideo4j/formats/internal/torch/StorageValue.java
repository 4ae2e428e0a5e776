package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Storage;
import java.util.Optional;

/// A torch storage: a run of elements that tensors are views of.
///
/// @param key      its key in the container
/// @param type     the name of its class, `FloatStorage`
/// @param dtype    the type of its elements; empty for a storage that does not know it and for quantized ones
/// @param numel    how many elements, bytes where the storage does not know their type
/// @param location the device it was on: `cpu`, `cuda:3`
/// @param storage  where its bytes are; the reader has checked that they are there
public record StorageValue(String key, String type, Optional<DType> dtype, long numel, String location, Storage storage)
        implements PickleValue.Domain {
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
