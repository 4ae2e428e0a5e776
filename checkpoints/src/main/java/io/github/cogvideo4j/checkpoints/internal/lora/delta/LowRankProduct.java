package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;

/// The product of two thin matrices, `factor B A`, of which only parts are ever made.
///
/// @param a      `[rank, columns]`
/// @param b      `[rows, rank]`
/// @param factor what the product is multiplied by
public record LowRankProduct(FloatMatrix a, FloatMatrix b, double factor) {
    /// A tile of this many columns of four rows of A, as doubles, stays in the first cache.
    private static final int TILE = 1024;

    /// Reads the two matrices.
    ///
    /// @param a `[rank, columns]`, or a convolution's `[rank, in, height, width]`
    /// @param b `[rows, rank]`
    static LowRankProduct read(StorageReader reader, Arena arena, StoredTensor a, StoredTensor b, double factor)
            throws IOException {
        long rank = a.shape().size(0);
        return new LowRankProduct(
                FloatMatrix.read(reader, a, FloatMatrix.allocate(arena, rank, Delta.columns(a.shape()))),
                FloatMatrix.read(
                        reader, b, FloatMatrix.allocate(arena, b.shape().size(0), rank)),
                factor);
    }

    /// Adds a part of the product to sums, whose rows follow each other without a gap.
    ///
    /// @param sums   takes `rows * width` elements
    /// @param row    the part's first row
    /// @param rows   how many rows
    /// @param column the part's first column
    /// @param width  how many columns
    void addTo(double[] sums, long row, int rows, long column, int width) {
        int rank = (int) a.rows();
        double[][] tile = new double[4][Math.min(TILE, width)];
        float[] buffer = new float[tile[0].length];
        float[] left = new float[Math.multiplyExact(rows, rank)];
        b.copy(row, 0, left, left.length);
        for (int start = 0; start < width; start += TILE) {
            int count = Math.min(TILE, width - start);
            for (int k = 0; k < rank; k += 4) {
                int deep = Math.min(4, rank - k);
                for (int i = 0; i < deep; i++) {
                    a.copy(k + i, column + start, buffer, count);
                    widen(buffer, tile[i], count);
                }
                for (int r = 0; r < rows; r++) {
                    int at = r * width + start;
                    int weights = r * rank + k;
                    if (deep == 4) {
                        add(
                                sums,
                                at,
                                count,
                                tile,
                                factor * left[weights],
                                factor * left[weights + 1],
                                factor * left[weights + 2],
                                factor * left[weights + 3]);
                    } else {
                        for (int i = 0; i < deep; i++) {
                            add(sums, at, count, tile[i], factor * left[weights + i]);
                        }
                    }
                }
            }
        }
    }

    private static void widen(float[] from, double[] to, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = from[i];
        }
    }

    /// Four rows at once: the sums are loaded and stored once for eight operations.
    private static void add(
            double[] sums, int at, int count, double[][] rows, double w0, double w1, double w2, double w3) {
        double[] r0 = rows[0];
        double[] r1 = rows[1];
        double[] r2 = rows[2];
        double[] r3 = rows[3];
        for (int i = 0; i < count; i++) {
            sums[at + i] += w0 * r0[i] + w1 * r1[i] + w2 * r2[i] + w3 * r3[i];
        }
    }

    private static void add(double[] sums, int at, int count, double[] row, double weight) {
        for (int i = 0; i < count; i++) {
            sums[at + i] += weight * row[i];
        }
    }
}
