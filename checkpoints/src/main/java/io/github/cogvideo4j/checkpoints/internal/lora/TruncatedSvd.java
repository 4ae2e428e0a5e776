package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.QRDecomposition;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/// The best approximation of a large matrix by one of low rank, `B A`.
///
/// The matrix is multiplied by a few random vectors and back, again and again, until they span its leading
/// singular directions; what it does to those is a small matrix, of which a full decomposition is cheap. When
/// as many vectors are taken as the matrix has singular values, nothing is left out and the result is exact.
///
/// Source: Halko, Martinsson, Tropp, "Finding structure with randomness" (2011), algorithms 4.4 and 5.1.
///
/// @param b        `[rows, rank]`: left singular vectors times the roots of the singular values
/// @param a        `[rank, columns]`: the roots times right singular vectors
/// @param singular the singular values that are kept, largest first
/// @param squares  the squared norm of all that was decomposed, the part that is not kept included
public record TruncatedSvd(DMatrixRMaj b, DMatrixRMaj a, List<Double> singular, double squares) {
    /// Copies the list.
    public TruncatedSvd {
        singular = List.copyOf(singular);
    }

    /// The squared norm of what is kept.
    public double keptSquares() {
        return singular.stream().mapToDouble(value -> value * value).sum();
    }

    /// Vectors beyond the rank; with the iterations they make the error that of the best approximation.
    private static final int OVERSAMPLING = 16;

    private static final int ITERATIONS = 4;

    /// Any number does; always the same one gives the same adapter from the same models.
    private static final long SEED = 20_240_806L;

    /// Doubles beside the matrix that are held at once, for each vector and each row or column.
    private static final int COPIES = 5;

    /// How many vectors are taken.
    static int vectors(long rows, long columns, int rank) {
        return (int) Math.min(Math.min(rows, columns), (long) rank + OVERSAMPLING);
    }

    /// The bytes on the heap that a decomposition takes.
    public static long heapBytes(long rows, long columns, int rank) {
        long vectors = vectors(rows, columns, rank);
        return COPIES * Double.BYTES * vectors * (rows + columns + vectors);
    }

    /// Decomposes.
    ///
    /// @param matrix the matrix
    /// @param rank   how many singular values to keep, at most as many as there are
    public static TruncatedSvd of(FloatMatrix matrix, int rank) {
        int rows = (int) matrix.rows();
        int columns = (int) matrix.columns();
        int vectors = vectors(rows, columns, rank);
        DMatrixRMaj range = basis(times(matrix, random(columns, vectors)));
        for (int i = 0; i < ITERATIONS && vectors < Math.min(rows, columns); i++) {
            range = basis(times(matrix, basis(transposedTimes(matrix, range))));
        }
        QRDecomposition<DMatrixRMaj> corange = qr(transposedTimes(matrix, range));
        DMatrixRMaj small = corange.getR(null, true);
        CommonOps_DDRM.transpose(small);
        return of(range, small, corange.getQ(null, true), rank);
    }

    /// Decomposes a product of two thin matrices, `B A`, exactly: their bases are orthogonal, and what stands
    /// between these is small.
    ///
    /// @param b    `[rows, inner]`; is changed
    /// @param a    `[inner, columns]`; is changed
    /// @param rank how many singular values to keep, at most as many as there are
    public static TruncatedSvd ofProduct(DMatrixRMaj b, DMatrixRMaj a, int rank) {
        CommonOps_DDRM.transpose(a);
        QRDecomposition<DMatrixRMaj> left = qr(b);
        QRDecomposition<DMatrixRMaj> right = qr(a);
        DMatrixRMaj leftR = left.getR(null, true);
        DMatrixRMaj rightR = right.getR(null, true);
        DMatrixRMaj small = new DMatrixRMaj(leftR.numRows, rightR.numRows);
        CommonOps_DDRM.multTransB(leftR, rightR, small);
        return of(left.getQ(null, true), small, right.getQ(null, true), rank);
    }

    /// Decomposes what stands between two orthogonal bases.
    private static TruncatedSvd of(DMatrixRMaj range, DMatrixRMaj small, DMatrixRMaj corange, int rank) {
        double squares = 0;
        for (double value : small.data) {
            squares += value * value;
        }
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(small.numRows, small.numCols, true, true, true);
        if (!svd.decompose(small)) {
            throw new ArithmeticException("singular values of %d x %d".formatted(range.numRows, corange.numRows));
        }
        DMatrixRMaj left = svd.getU(null, false);
        DMatrixRMaj values = svd.getW(null);
        DMatrixRMaj right = svd.getV(null, false);
        SingularOps_DDRM.descendingOrder(left, false, values, right, false);
        List<Double> singular =
                IntStream.range(0, rank).mapToObj(i -> values.get(i, i)).toList();
        DMatrixRMaj b = scaled(range, left, singular);
        DMatrixRMaj a = scaled(corange, right, singular);
        CommonOps_DDRM.transpose(a);
        return new TruncatedSvd(b, a, singular, squares);
    }

    /// A basis times the leading columns of a rotation, each multiplied by the root of its singular value.
    private static DMatrixRMaj scaled(DMatrixRMaj basis, DMatrixRMaj rotation, List<Double> singular) {
        DMatrixRMaj leading = CommonOps_DDRM.extract(rotation, 0, rotation.numRows, 0, singular.size());
        for (int k = 0; k < singular.size(); k++) {
            double root = Math.sqrt(singular.get(k));
            for (int i = 0; i < leading.numRows; i++) {
                leading.set(i, k, leading.get(i, k) * root);
            }
        }
        DMatrixRMaj product = new DMatrixRMaj(basis.numRows, singular.size());
        CommonOps_DDRM.mult(basis, leading, product);
        return product;
    }

    private static DMatrixRMaj random(int rows, int columns) {
        Random random = new Random(SEED);
        DMatrixRMaj matrix = new DMatrixRMaj(rows, columns);
        for (int i = 0; i < matrix.data.length; i++) {
            matrix.data[i] = random.nextGaussian();
        }
        return matrix;
    }

    private static DMatrixRMaj basis(DMatrixRMaj vectors) {
        return qr(vectors).getQ(null, true);
    }

    private static QRDecomposition<DMatrixRMaj> qr(DMatrixRMaj vectors) {
        QRDecomposition<DMatrixRMaj> qr = DecompositionFactory_DDRM.qr(vectors.numRows, vectors.numCols);
        // It says whether the vectors are independent. The factors are as good where they are not: those of a layer
        // that was not trained, or of an adapter that is merged with itself.
        qr.decompose(vectors);
        return qr;
    }

    /// The matrix times some vectors, four of its rows at a time.
    private static DMatrixRMaj times(FloatMatrix matrix, DMatrixRMaj vectors) {
        int columns = (int) matrix.columns();
        int count = vectors.numCols;
        DMatrixRMaj result = new DMatrixRMaj((int) matrix.rows(), count);
        float[][] rows = new float[4][columns];
        double[][] sums = new double[4][count];
        for (int row = 0; row < result.numRows; row += 4) {
            int together = load(matrix, row, rows);
            for (double[] sum : sums) {
                java.util.Arrays.fill(sum, 0);
            }
            for (int j = 0; j < columns; j++) {
                add(sums, vectors.data, j * count, rows[0][j], rows[1][j], rows[2][j], rows[3][j]);
            }
            for (int i = 0; i < together; i++) {
                System.arraycopy(sums[i], 0, result.data, (row + i) * count, count);
            }
        }
        return result;
    }

    private static void add(double[][] sums, double[] vectors, int at, double w0, double w1, double w2, double w3) {
        double[] s0 = sums[0];
        double[] s1 = sums[1];
        double[] s2 = sums[2];
        double[] s3 = sums[3];
        for (int k = 0; k < s0.length; k++) {
            double value = vectors[at + k];
            s0[k] += w0 * value;
            s1[k] += w1 * value;
            s2[k] += w2 * value;
            s3[k] += w3 * value;
        }
    }

    /// The transposed matrix times some vectors, four of the matrix's rows at a time.
    private static DMatrixRMaj transposedTimes(FloatMatrix matrix, DMatrixRMaj vectors) {
        int columns = (int) matrix.columns();
        int count = vectors.numCols;
        DMatrixRMaj result = new DMatrixRMaj(columns, count);
        float[][] rows = new float[4][columns];
        double[][] weights = new double[4][count];
        for (int row = 0; row < vectors.numRows; row += 4) {
            int together = load(matrix, row, rows);
            for (int i = 0; i < together; i++) {
                System.arraycopy(vectors.data, (row + i) * count, weights[i], 0, count);
            }
            for (int j = 0; j < columns; j++) {
                addAll(result.data, j * count, weights, rows[0][j], rows[1][j], rows[2][j], rows[3][j]);
            }
        }
        return result;
    }

    private static void addAll(double[] sums, int at, double[][] vectors, double w0, double w1, double w2, double w3) {
        double[] v0 = vectors[0];
        double[] v1 = vectors[1];
        double[] v2 = vectors[2];
        double[] v3 = vectors[3];
        for (int k = 0; k < v0.length; k++) {
            sums[at + k] += w0 * v0[k] + w1 * v1[k] + w2 * v2[k] + w3 * v3[k];
        }
    }

    /// Loads up to four rows; those beyond the last are zeros.
    private static int load(FloatMatrix matrix, int row, float[][] rows) {
        int together = (int) Math.min(rows.length, matrix.rows() - row);
        for (int i = 0; i < rows.length; i++) {
            if (i < together) {
                matrix.copy(row + i, 0, rows[i], rows[i].length);
            } else {
                java.util.Arrays.fill(rows[i], 0);
            }
        }
        return together;
    }
}
