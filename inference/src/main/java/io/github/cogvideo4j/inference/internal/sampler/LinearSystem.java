package io.github.cogvideo4j.inference.internal.sampler;

/// Small systems of linear equations.
final class LinearSystem {
    private LinearSystem() {}

    /// Solves by elimination with row pivots.
    ///
    /// @param rows `n` rows of `n` coefficients and the right-hand side; overwritten
    static double[] solve(double[]... rows) {
        int n = rows.length;
        for (int column = 0; column < n; column++) {
            int pivot = column;
            for (int row = column + 1; row < n; row++) {
                if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) {
                    pivot = row;
                }
            }
            double[] chosen = rows[pivot];
            rows[pivot] = rows[column];
            rows[column] = chosen;
            for (int row = 0; row < n; row++) {
                if (row != column) {
                    double share = rows[row][column] / chosen[column];
                    for (int i = column; i <= n; i++) {
                        rows[row][i] -= share * chosen[i];
                    }
                }
            }
        }
        double[] solution = new double[n];
        for (int i = 0; i < n; i++) {
            solution[i] = rows[i][n] / rows[i][i];
        }
        return solution;
    }
}
