package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Arrays;

/// The product of two thin matrices, `B A`, of which only parts are ever made.
///
/// An element is summed in fp32 from the first column of `B` to the last, each step a fused multiply-add. That is
/// the order of the matrix product in libtorch on processors that have the instruction, so that the result has
/// its bits.
///
/// @param a `[rank, columns]`
/// @param b `[rows, rank]`
record LowRankProduct(FloatMatrix a, FloatMatrix b) {
    /// A tile of this many columns of four rows of A, and of the sums, stays in the first cache.
    private static final int TILE = 1024;

    /// Reads the two matrices.
    ///
    /// @param a `[rank, columns]`, or a convolution's `[rank, in, height, width]`
    /// @param b `[rows, rank]`
    static LowRankProduct read(StorageReader reader, Arena arena, StoredTensor a, StoredTensor b) throws IOException {
        long rank = a.shape().size(0);
        return new LowRankProduct(
                FloatMatrix.read(reader, a, FloatMatrix.allocate(arena, rank, Delta.columns(a.shape()))),
                FloatMatrix.read(
                        reader, b, FloatMatrix.allocate(arena, b.shape().size(0), rank)));
    }

    /// Makes a part of the product, whose rows follow each other without a gap.
    ///
    /// @param product takes `rows * width` elements
    /// @param row     the part's first row
    /// @param rows    how many rows
    /// @param column  the part's first column
    /// @param width   how many columns
    void part(float[] product, long row, int rows, long column, int width) {
        int rank = (int) a.rows();
        float[][] tile = new float[4][Math.min(TILE, width)];
        float[] left = new float[Math.multiplyExact(rows, rank)];
        b.copy(row, 0, left, left.length);
        Arrays.fill(product, 0, Math.multiplyExact(rows, width), 0);
        for (int start = 0; start < width; start += TILE) {
            int count = Math.min(TILE, width - start);
            for (int k = 0; k < rank; k += 4) {
                int deep = Math.min(4, rank - k);
                for (int i = 0; i < deep; i++) {
                    a.copy(k + i, column + start, tile[i], count);
                }
                for (int r = 0; r < rows; r++) {
                    int at = r * width + start;
                    int weights = r * rank + k;
                    if (deep == 4) {
                        add(product, at, count, tile, left, weights);
                    } else {
                        for (int i = 0; i < deep; i++) {
                            add(product, at, count, tile[i], left[weights + i]);
                        }
                    }
                }
            }
        }
    }

    /// Four rows at once: the sums are loaded and stored once for eight operations.
    private static void add(float[] sums, int at, int count, float[][] rows, float[] left, int weights) {
        float w0 = left[weights];
        float w1 = left[weights + 1];
        float w2 = left[weights + 2];
        float w3 = left[weights + 3];
        float[] r0 = rows[0];
        float[] r1 = rows[1];
        float[] r2 = rows[2];
        float[] r3 = rows[3];
        for (int i = 0; i < count; i++) {
            sums[at + i] =
                    Math.fma(w3, r3[i], Math.fma(w2, r2[i], Math.fma(w1, r1[i], Math.fma(w0, r0[i], sums[at + i]))));
        }
    }

    private static void add(float[] sums, int at, int count, float[] row, float weight) {
        for (int i = 0; i < count; i++) {
            sums[at + i] = Math.fma(weight, row[i], sums[at + i]);
        }
    }
}
