package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Optional;

/// Frobenius norms of changes, without making more of them than a block of rows.
public final class Norms {
    /// Elements of a block.
    private static final int BLOCK = 1 << 16;
    /// Of larger ranks the squares of the factors are as large as the product, and are not made.
    private static final int LARGEST_SQUARE = 1024;

    private Norms() {}

    /// Two norms.
    ///
    /// @param change of what is added
    /// @param base   of the base
    public record Pair(double change, double base) {}

    /// The norm of a change alone, multiplied by nothing.
    ///
    /// @param shape the sizes of the tensor that is changed
    public static double of(StorageReader reader, Delta delta, Shape shape) throws IOException {
        return switch (delta) {
            case LowRank product when product.rank() <= LARGEST_SQUARE -> lowRank(reader, product);
            case Replacement _, Magnitude _ -> Double.NaN;
            default -> byBlocks(reader, delta, shape);
        };
    }

    /// The norm of what a tensor's changes add to it, and that of the base. Nothing is read of a tensor that
    /// has been computed already.
    public static Pair of(StorageReader reader, FusedWeight fused) throws IOException {
        Optional<Pair> measured = fused.measured().get();
        if (measured.isPresent()) {
            return measured.get();
        }
        Meter meter = new Meter(fused);
        if (meter.product.isPresent()) {
            FloatMatrix.Floats floats = new FloatMatrix.Floats(fused.weight().dtype());
            reader.read(
                    fused.weight(), bytes -> floats.each(bytes, (values, count) -> meter.take(values, values, count)));
        } else {
            fused.compute(reader, meter);
        }
        Pair norms = meter.norms(reader);
        fused.measured().set(Optional.of(norms));
        return norms;
    }

    /// Gathers the norms of a tensor that is computed.
    static final class Meter implements FusedWeight.Blocks {
        /// The only change, whose norm follows from its factors.
        private final Optional<LowRank> product;

        private final double factor;
        private double change;
        private double base;

        Meter(FusedWeight fused) {
            FusedWeight.Term first = fused.terms().getFirst();
            boolean alone = fused.terms().size() == 1;
            this.product = alone && first.delta() instanceof LowRank pair && pair.rank() <= LARGEST_SQUARE
                    ? Optional.of(pair)
                    : Optional.empty();
            this.factor = Math.abs(first.factor());
        }

        @Override
        public void take(float[] before, float[] after, int count) {
            double squares = 0;
            for (int i = 0; i < count; i++) {
                squares += (double) before[i] * before[i];
            }
            base += squares;
            if (product.isEmpty()) {
                double differences = 0;
                for (int i = 0; i < count; i++) {
                    double difference = (double) after[i] - before[i];
                    differences += difference * difference;
                }
                change += differences;
            }
        }

        /// The norms of all that was taken.
        Pair norms(StorageReader reader) throws IOException {
            double size = product.isPresent() ? factor * lowRank(reader, product.get()) : Math.sqrt(change);
            return new Pair(size, Math.sqrt(base));
        }
    }

    /// The product itself is never made: its norm is the square root of the trace of `(B^T B)(A A^T)`, two
    /// matrices as small as the rank.
    private static double lowRank(StorageReader reader, LowRank product) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            LowRankProduct matrices = product.product(reader, arena);
            FloatMatrix a = matrices.a();
            FloatMatrix b = matrices.b();
            int rank = product.rank();
            double[] left = new double[Math.multiplyExact(rank, rank)];
            double[] right = new double[left.length];
            float[] row = new float[rank];
            for (long i = 0; i < product.out(); i++) {
                b.copy(i, 0, row, rank);
                addSquare(left, row, rank);
            }
            for (long j = 0; j < product.in(); j++) {
                for (int k = 0; k < rank; k++) {
                    row[k] = a.get(k, j);
                }
                addSquare(right, row, rank);
            }
            double trace = 0;
            for (int i = 0; i < left.length; i++) {
                trace += left[i] * right[i];
            }
            // Rounding may leave a zero a little below itself; a NaN stays one.
            return Math.sqrt(trace < 0 ? 0 : trace);
        }
    }

    private static void addSquare(double[] sums, float[] row, int rank) {
        for (int i = 0; i < rank; i++) {
            double value = row[i];
            int at = i * rank;
            for (int k = 0; k < rank; k++) {
                sums[at + k] += value * row[k];
            }
        }
    }

    private static double byBlocks(StorageReader reader, Delta delta, Shape shape) throws IOException {
        long rows = Delta.rows(shape);
        long columns = Delta.columns(shape);
        if (rows == 0 || columns == 0) {
            return 0;
        }
        int width = (int) Math.min(columns, BLOCK);
        int high = (int) Math.min(rows, Math.max(1, BLOCK / width));
        float[] sums = new float[Math.multiplyExact(high, width)];
        double squares = 0;
        try (Arena arena = Arena.ofConfined()) {
            Delta.Operation operation = delta.open(reader, arena, 1);
            for (long row = 0; row < rows; row += high) {
                int taken = (int) Math.min(high, rows - row);
                for (long column = 0; column < columns; column += width) {
                    int wide = (int) Math.min(width, columns - column);
                    Arrays.fill(sums, 0);
                    // Parts of rows are parts of one row.
                    operation.apply(sums, row, wide == columns ? taken : 1, column, wide);
                    for (float value : sums) {
                        squares += (double) value * value;
                    }
                }
            }
        }
        return Math.sqrt(squares);
    }
}
