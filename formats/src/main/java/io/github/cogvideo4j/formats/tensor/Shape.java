package io.github.cogvideo4j.formats.tensor;

import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/// A tensor's sizes, outermost first. A scalar has none.
///
/// @param sizes the sizes, none negative
public record Shape(List<Long> sizes) {
    /// Checks that no size is negative.
    public Shape {
        sizes = List.copyOf(sizes);
        for (long size : sizes) {
            if (size < 0) {
                throw new IllegalArgumentException("negative size in " + sizes);
            }
        }
    }

    /// A shape from its sizes.
    public static Shape of(long... sizes) {
        return new Shape(LongStream.of(sizes).boxed().toList());
    }

    /// The number of dimensions.
    public int rank() {
        return sizes.size();
    }

    /// The size of one dimension.
    public long size(int dimension) {
        return sizes.get(dimension);
    }

    /// The number of elements.
    ///
    /// @throws ArithmeticException when it exceeds 2^63 - 1; readers check with [#checkedNumel()] before they
    /// build tensors
    public long numel() {
        return checkedNumel().orElseThrow(() -> new ArithmeticException("too many elements: " + this));
    }

    /// The number of elements, empty when the product, taken left to right, leaves 63 bits. So `[2^63-1, 4,
    /// 0]` overflows and `[0, 2^63-1, 4]` does not, as in the reference implementation of safetensors.
    public OptionalLong checkedNumel() {
        long product = 1;
        for (long size : sizes) {
            if (Math.multiplyHigh(product, size) != 0 || product * size < 0) {
                return OptionalLong.empty();
            }
            product *= size;
        }
        return OptionalLong.of(product);
    }

    /// The strides, in elements, of a row-major tensor of this shape.
    public List<Long> contiguousStrides() {
        Long[] strides = new Long[sizes.size()];
        long stride = 1;
        for (int i = sizes.size() - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= Math.max(1, sizes.get(i));
        }
        return List.of(strides);
    }

    /// The sizes as an array.
    public long[] toArray() {
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    /// As torch prints it: `[1920, 16]`.
    @Override
    public String toString() {
        return sizes.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }
}
