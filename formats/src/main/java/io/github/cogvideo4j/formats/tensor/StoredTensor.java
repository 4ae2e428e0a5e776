package io.github.cogvideo4j.formats.tensor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;

/// A tensor that has not been read: what it is and where its bytes lie.
///
/// @param name  its key in the state dict
/// @param dtype the type of the stored elements
/// @param shape its sizes
/// @param data  where the elements are
public record StoredTensor(String name, DType dtype, Shape shape, TensorData data) {
    /// Checks that extents hold exactly the bytes that the shape needs.
    public StoredTensor {
        if (data instanceof TensorData.Extents extents && extents.length() != byteLength(dtype, shape)) {
            throw new IllegalArgumentException("%s: %s%s needs %d bytes, extents hold %d"
                    .formatted(name, dtype, shape, byteLength(dtype, shape), extents.length()));
        }
    }

    /// The bytes of a row-major tensor of this type and shape.
    public static long byteLength(DType dtype, Shape shape) {
        return Math.multiplyExact(shape.numel(), (long) dtype.bits()) / 8;
    }

    /// The bytes of this tensor when written row-major.
    public long byteLength() {
        return byteLength(dtype, shape);
    }

    /// The shapes of tensors by name, in their order.
    public static SequencedMap<String, Shape> shapes(Iterable<StoredTensor> tensors) {
        SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
        tensors.forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
        return shapes;
    }

    /// The storages that its elements lie in, or are computed from.
    public List<Storage> storages() {
        Stream<Storage> all = switch (data) {
            case TensorData.Extents extents -> extents.parts().stream().map(Extent::storage);
            case TensorData.Strided strided -> Stream.of(strided.storage());
            case TensorData.Computed computed -> computed.inputs().stream();
        };
        return all.distinct().toList();
    }

    /// The same tensor under another key.
    public StoredTensor withName(String newName) {
        return new StoredTensor(newName, dtype, shape, data);
    }

    /// The extents of a run of elements of this tensor, which must be stored row-major.
    ///
    /// @param firstElement the first element
    /// @param elements     how many
    /// @throws IllegalStateException when the tensor is not made of extents
    public List<Extent> slice(long firstElement, long elements) {
        if (!(data instanceof TensorData.Extents extents)) {
            throw new IllegalStateException(name + " is not stored row-major");
        }
        long start = firstElement * dtype.bytes();
        long wanted = elements * dtype.bytes();
        List<Extent> parts = new ArrayList<>();
        for (Extent extent : extents.parts()) {
            if (wanted == 0) {
                break;
            }
            if (start >= extent.length()) {
                start -= extent.length();
                continue;
            }
            long length = Math.min(wanted, extent.length() - start);
            parts.add(extent.slice(start, length));
            wanted -= length;
            start = 0;
        }
        if (wanted != 0) {
            throw new IllegalArgumentException(
                    "%s has %s elements, asked for %d from %d".formatted(name, shape, elements, firstElement));
        }
        return parts;
    }
}
