package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// A part of a tensor: where it starts and how far it goes, in elements along each dimension.
///
/// @param offsets the first index of each dimension
/// @param sizes   how many indexes of each
record Box(List<Long> offsets, List<Long> sizes) {
    static final Comparator<Box> ROW_MAJOR = (first, second) -> {
        for (int d = 0; d < first.rank(); d++) {
            int order = Long.compare(first.offset(d), second.offset(d));
            if (order != 0) {
                return order;
            }
        }
        return 0;
    };

    Box {
        offsets = List.copyOf(offsets);
        sizes = List.copyOf(sizes);
    }

    /// All of a tensor.
    static Box whole(Shape shape) {
        return new Box(shape.sizes().stream().map(_ -> 0L).toList(), shape.sizes());
    }

    int rank() {
        return sizes.size();
    }

    long offset(int dimension) {
        return offsets.get(dimension);
    }

    long size(int dimension) {
        return sizes.get(dimension);
    }

    /// The index behind the last one.
    long end(int dimension) {
        return offset(dimension) + size(dimension);
    }

    /// Whether it has as many dimensions as a tensor and lies inside it.
    boolean isInside(List<Long> tensor) {
        if (offsets.size() != tensor.size() || sizes.size() != tensor.size()) {
            return false;
        }
        for (int d = 0; d < tensor.size(); d++) {
            if (offset(d) < 0 || size(d) < 0 || size(d) > tensor.get(d) || offset(d) > tensor.get(d) - size(d)) {
                return false;
            }
        }
        return true;
    }

    /// Its elements; no more than those of the tensor that it lies in.
    long numel() {
        long product = 1;
        for (long size : sizes) {
            product *= size;
        }
        return product;
    }

    boolean overlaps(Box other) {
        for (int d = 0; d < rank(); d++) {
            if (offset(d) >= other.end(d) || other.offset(d) >= end(d)) {
                return false;
            }
        }
        return true;
    }

    /// What both have in common, unless that is nothing.
    Optional<Box> intersection(Box other) {
        List<Long> starts = new ArrayList<>();
        List<Long> lengths = new ArrayList<>();
        for (int d = 0; d < rank(); d++) {
            long start = Math.max(offset(d), other.offset(d));
            long end = Math.min(end(d), other.end(d));
            if (start >= end) {
                return Optional.empty();
            }
            starts.add(start);
            lengths.add(end - start);
        }
        return Optional.of(new Box(starts, lengths));
    }

    /// Whether its elements are neighbours in a row-major tensor of these sizes: one index of the outer
    /// dimensions, any run of the next, all of the inner ones.
    boolean isContiguousIn(List<Long> tensor) {
        int d = 0;
        while (d < rank() && size(d) == 1) {
            d++;
        }
        for (d++; d < rank(); d++) {
            if (size(d) != tensor.get(d)) {
                return false;
            }
        }
        return true;
    }

    /// As messages show it: `[0, 8]+[4, 8]`.
    @Override
    public String toString() {
        return offsets + "+" + sizes;
    }
}
