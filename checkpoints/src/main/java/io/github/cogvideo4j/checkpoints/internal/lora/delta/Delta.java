package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;

/// One change that an adapter makes to one tensor of a model. Nothing is read until it is opened.
///
/// A tensor is seen as a matrix: its first size is the rows, all others together are the columns.
public sealed interface Delta permits LowRank, Hadamard, Kronecker, OneTensor {
    /// Rows longer than this are not held whole, whatever a file claims; the longest in use have some 20,000
    /// elements.
    long LONGEST_ROW = 1L << 20;

    /// A word for reports.
    String kind();

    /// The formula in a few words, for plans and manifests.
    String formula();

    /// The stored tensors that it is made of.
    List<StoredTensor> tensors();

    /// The sizes of the tensor that it was made for, as far as they show.
    Shape shape();

    /// Whether it can change a tensor of these sizes.
    default boolean fits(Shape target) {
        return shape().equals(target);
    }

    /// Whether it can only work on rows that are whole.
    default boolean needsWholeRows() {
        return false;
    }

    /// Whether the base's value plays no part in the result.
    default boolean replaces() {
        return false;
    }

    /// Makes it ready to be applied.
    ///
    /// @param reader reads the stored tensors
    /// @param arena  how long what is read lives
    /// @param factor what the change is multiplied by; replacements and magnitudes are never scaled
    Operation open(StorageReader reader, Arena arena, double factor) throws IOException;

    /// A change at work.
    @FunctionalInterface
    interface Operation {
        /// Changes a part of the tensor, whose rows follow each other without a gap. Every step is rounded to
        /// fp32, in the order in which PEFT takes it, so that the result has the bits of PEFT's.
        ///
        /// @param sums   the part as it is so far: `rows * width` elements
        /// @param row    its first row
        /// @param rows   how many rows
        /// @param column its first column
        /// @param width  how many columns
        void apply(float[] sums, long row, int rows, long column, int width) throws IOException;
    }

    /// The rows of a tensor seen as a matrix.
    static long rows(Shape shape) {
        return shape.rank() == 0 ? 1 : shape.size(0);
    }

    /// The elements of a row of a tensor seen as a matrix.
    static long columns(Shape shape) {
        return rows(shape) == 0 ? 0 : shape.numel() / rows(shape);
    }
}
