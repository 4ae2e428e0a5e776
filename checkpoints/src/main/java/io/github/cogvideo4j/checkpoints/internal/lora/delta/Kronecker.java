package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.Stream;

/// LoKr: `W + factor * (W1 ⊗ W2)`, the Kronecker product of two small matrices, each whole or itself a product
/// of thin ones.
///
/// Source: LyCORIS and PEFT name them `lokr_w1` or `lokr_w1_a lokr_w1_b`, and likewise `lokr_w2`; of a
/// convolution the second is `[c, d, height, width]`.
///
/// @param first  the outer matrix
/// @param second the inner matrix, which is repeated
public record Kronecker(Side first, Side second) implements Delta {
    /// One of the two matrices.
    public sealed interface Side {
        /// Its sizes as a matrix.
        Shape shape();

        /// The stored tensors.
        List<StoredTensor> tensors();

        /// Gives its rows.
        RowSource open(StorageReader reader, Arena arena) throws IOException;
    }

    /// A matrix that is stored whole.
    ///
    /// @param tensor of two dimensions or more
    public record Whole(StoredTensor tensor) implements Side {
        @Override
        public Shape shape() {
            return Shape.of(Delta.rows(tensor.shape()), Delta.columns(tensor.shape()));
        }

        @Override
        public List<StoredTensor> tensors() {
            return List.of(tensor);
        }

        @Override
        public RowSource open(StorageReader reader, Arena arena) throws IOException {
            FloatMatrix matrix =
                    FloatMatrix.read(reader, tensor, FloatMatrix.allocate(arena, shape().size(0), shape().size(1)));
            int columns = Math.toIntExact(matrix.columns());
            return (row, into) -> matrix.copy(row, 0, into, columns);
        }
    }

    /// A product of two thin matrices.
    ///
    /// @param left  `[rows, rank]`
    /// @param right `[rank, columns]`
    public record Product(StoredTensor left, StoredTensor right) implements Side {
        /// The rank, by which alpha is divided.
        public int rank() {
            return Math.toIntExact(right.shape().size(0));
        }

        @Override
        public Shape shape() {
            return Shape.of(left.shape().size(0), Delta.columns(right.shape()));
        }

        @Override
        public List<StoredTensor> tensors() {
            return List.of(left, right);
        }

        @Override
        public RowSource open(StorageReader reader, Arena arena) throws IOException {
            LowRankProduct product = LowRankProduct.read(reader, arena, right, left);
            int columns = Math.toIntExact(shape().size(1));
            return (row, into) -> product.part(into, row, 1, 0, columns);
        }
    }

    /// Gives the rows of a matrix.
    @FunctionalInterface
    public interface RowSource {
        /// Puts a row into an array of as many columns.
        void row(long row, float[] into);
    }

    @Override
    public String kind() {
        return "lokr";
    }

    @Override
    public String formula() {
        return "LoKr (%s x %s)".formatted(first.shape(), second.shape());
    }

    @Override
    public List<StoredTensor> tensors() {
        return Stream.concat(first.tensors().stream(), second.tensors().stream())
                .toList();
    }

    @Override
    public Shape shape() {
        return Shape.of(
                Math.multiplyExact(first.shape().size(0), second.shape().size(0)),
                Math.multiplyExact(first.shape().size(1), second.shape().size(1)));
    }

    /// A convolution's kernel is one row here.
    @Override
    public boolean fits(Shape target) {
        return target.rank() >= 2
                && Delta.columns(target) <= LONGEST_ROW
                && Delta.rows(target) == Delta.rows(shape())
                && Delta.columns(target) == Delta.columns(shape());
    }

    @Override
    public Operation open(StorageReader reader, Arena arena, double factor) throws IOException {
        RowSource outer = first.open(reader, arena);
        RowSource inner = second.open(reader, arena);
        float[] outerRow = new float[Math.toIntExact(first.shape().size(1))];
        float[] innerRow = new float[Math.toIntExact(second.shape().size(1))];
        float scale = (float) factor;
        long innerRows = second.shape().size(0);
        return (sums, row, rows, column, width) -> {
            for (int r = 0; r < rows; r++) {
                outer.row((row + r) / innerRows, outerRow);
                inner.row((row + r) % innerRows, innerRow);
                for (int i = 0; i < width; i++) {
                    int at = (int) (column + i);
                    sums[r * width + i] += outerRow[at / innerRow.length] * innerRow[at % innerRow.length] * scale;
                }
            }
        };
    }
}
