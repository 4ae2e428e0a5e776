package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.util.List;
import java.util.Optional;

/// A tensor as a pickle describes it: a view of a storage. Its numbers are as found; [#stored(String)] checks
/// them.
///
/// @param storage      what it is a view of
/// @param dtype        the type of its elements
/// @param sizes        its sizes, outermost first
/// @param strides      the step of each dimension, in elements
/// @param offset       its first element, from the storage's start
/// @param parameter    whether it is a `torch.nn.Parameter`
/// @param requiresGrad whether it was being trained
/// @param pending      what torch would still do to the elements when they are used: `conj`, `neg`
/// @param attributes   attributes that Python code had set on it
public record TensorValue(
        StorageValue storage,
        DType dtype,
        List<Long> sizes,
        List<Long> strides,
        long offset,
        boolean parameter,
        boolean requiresGrad,
        List<String> pending,
        Optional<PickleValue> attributes)
        implements PickleValue.Domain {
    // An expanded view repeats elements. What trainers save repeats a vector along a batch or a head dimension,
    // 64 times at most in any known model; anything up to a megabyte costs nothing. Beyond both it is there to
    // fill the disk.
    private static final long MOST_REPEATS = 64;
    private static final long ALWAYS_FINE = 1L << 20;

    /// Copies the lists.
    public TensorValue {
        sizes = List.copyOf(sizes);
        strides = List.copyOf(strides);
        pending = List.copyOf(pending);
    }

    @Override
    public List<PickleValue> children() {
        return attributes.map(List::of).orElse(List.of());
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    /// The attributes, which may hold other tensors without end, are left out.
    @Override
    public String toString() {
        return "tensor " + sizes + " of " + dtype;
    }

    /// A tensor under its name, with its view checked against its storage.
    ///
    /// @throws FormatException `storage-bounds` when the view leaves the storage, `tensor-too-large` when an
    ///     expanded view would be out of proportion to it, `unsupported-tensor` when elements need arithmetic
    ///     first
    public StoredTensor stored(String name) {
        if (!pending.isEmpty()) {
            throw new UnsupportedFileException(
                    ProblemCode.UNSUPPORTED_TENSOR, place(name), "formats.torch.pending-operation", name, pending);
        }
        Shape shape = checkedShape(name);
        return new StoredTensor(name, dtype, shape, data(name, shape));
    }

    private TensorData data(String name, Shape shape) {
        if (sizes.contains(0L)) {
            return new TensorData.Extents(List.of());
        }
        checkBounds(name);
        long numel = shape.checkedNumel().orElse(Long.MAX_VALUE);
        long length = storage.storage().length();
        if (numel > Long.MAX_VALUE / dtype.bytes() || tooLarge(numel * dtype.bytes(), length)) {
            throw new UnsafeFileException(
                    ProblemCode.TENSOR_TOO_LARGE,
                    place(name),
                    "formats.torch.tensor-too-large",
                    name,
                    shape,
                    storage.storage().label(),
                    length);
        }
        if (isRowMajor()) {
            return new TensorData.Extents(
                    List.of(new Extent(storage.storage(), offset * dtype.bytes(), numel * dtype.bytes())));
        }
        return new TensorData.Strided(storage.storage(), offset, strides);
    }

    private static boolean tooLarge(long bytes, long storageLength) {
        return bytes > ALWAYS_FINE && bytes / MOST_REPEATS > storageLength;
    }

    private Shape checkedShape(String name) {
        boolean sensible = sizes.size() == strides.size() && offset >= 0;
        for (int i = 0; sensible && i < sizes.size(); i++) {
            sensible = sizes.get(i) >= 0 && strides.get(i) >= 0;
        }
        if (!sensible) {
            throw outOfBounds(name);
        }
        return new Shape(sizes);
    }

    /// Checks that the last element that the view reaches lies inside the storage.
    private void checkBounds(String name) {
        long elements = storage.storage().length() / dtype.bytes();
        long last = offset;
        for (int i = 0; i < sizes.size(); i++) {
            long steps = sizes.get(i) - 1;
            long stride = strides.get(i);
            if (steps != 0 && stride > (Long.MAX_VALUE - last) / steps) {
                throw outOfBounds(name);
            }
            last += steps * stride;
        }
        if (last >= elements) {
            throw outOfBounds(name);
        }
    }

    /// Dimensions of size 1 are never stepped along, so their strides may be anything.
    private boolean isRowMajor() {
        long expected = 1;
        for (int i = sizes.size() - 1; i >= 0; i--) {
            if (sizes.get(i) != 1) {
                if (strides.get(i) != expected) {
                    return false;
                }
                expected *= sizes.get(i);
            }
        }
        return true;
    }

    private MalformedFileException outOfBounds(String name) {
        return new MalformedFileException(
                ProblemCode.STORAGE_BOUNDS,
                place(name),
                "formats.torch.tensor-bounds",
                name,
                sizes,
                strides,
                offset,
                storage.storage().label(),
                storage.storage().length() / dtype.bytes());
    }

    private Place place(String name) {
        return Place.of(storage.storage().file()).tensor(name);
    }
}
