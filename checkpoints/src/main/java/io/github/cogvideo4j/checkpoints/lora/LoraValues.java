package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// What the values of an adapter say.
public final class LoraValues {
    private LoraValues() {}

    /// NaN and infinite values, which would spoil every weight they are fused into.
    public static List<Problem> problems(LoraAdapter adapter) throws IOException {
        List<Problem> problems = new ArrayList<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (LoraLayer layer : adapter.layers().values()) {
                for (StoredTensor tensor : List.of(layer.a(), layer.b())) {
                    FloatMatrix.Floats floats = new FloatMatrix.Floats(tensor.dtype());
                    reader.read(tensor, bytes -> floats.each(bytes, (_, _) -> {}));
                    floats.scan().problems(Place.of(adapter.file()).tensor(tensor.name())).stream()
                            .filter(problem -> problem.code() == ProblemCode.NAN_INF)
                            .forEach(problems::add);
                }
            }
            reader.verifyChecksums();
        }
        return problems;
    }

    /// The Frobenius norm of `B A`, without any factor, by the key of the adapted weight.
    ///
    /// The product itself is never made: its norm is the square root of the trace of `(B^T B)(A A^T)`, two
    /// matrices as small as the rank.
    ///
    /// @param threads how many at once
    public static SequencedMap<String, Double> norms(LoraAdapter adapter, int threads) throws IOException {
        SequencedMap<String, Double> norms = new LinkedHashMap<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            List<LoraLayer> layers = List.copyOf(adapter.layers().values());
            List<Double> found = ParallelTensors.map(layers, threads, layer -> norm(reader, layer));
            for (int i = 0; i < layers.size(); i++) {
                norms.put(layers.get(i).weight(), found.get(i));
            }
            reader.verifyChecksums();
        }
        return norms;
    }

    private static double norm(FileStorageReader reader, LoraLayer layer) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int rank = layer.rank();
            double[] left = new double[Math.multiplyExact(rank, rank)];
            double[] right = new double[left.length];
            FloatMatrix b = FloatMatrix.read(reader, layer.b(), FloatMatrix.allocate(arena, layer.out(), rank));
            FloatMatrix a = FloatMatrix.read(reader, layer.a(), FloatMatrix.allocate(arena, rank, layer.in()));
            float[] row = new float[rank];
            for (long i = 0; i < layer.out(); i++) {
                b.copy(i, 0, row, rank);
                addSquare(left, row, rank);
            }
            for (long j = 0; j < layer.in(); j++) {
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
}
