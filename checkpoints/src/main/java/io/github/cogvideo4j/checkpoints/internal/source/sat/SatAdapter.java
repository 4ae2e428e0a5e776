package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The check that the matrices of an adapter are whole: two for each module, of one rank.
final class SatAdapter {
    private static final String DOWN = ".lora_A.";
    private static final String UP = ".lora_B.";

    private SatAdapter() {}

    /// Refuses what is no matrix: under ZeRO-3 the trainer saves empty ones.
    static void requireMatrices(List<StateEntry> entries, Place place) {
        for (StateEntry entry : entries) {
            Shape shape = entry.tensor().shape();
            if (shape.rank() != 2 || shape.numel() == 0) {
                throw new InvalidCheckpointException(
                        ProblemCode.SHAPE_MISMATCH,
                        place.tensor(entry.name()),
                        "checkpoints.sat.adapter-shape",
                        entry.name(),
                        shape);
            }
        }
    }

    /// Refuses a module that does not have two matrices of one rank.
    ///
    /// @param entries under diffusers' names
    /// @throws InvalidCheckpointException `missing-tensor` or `shape-mismatch`
    static void requireWhole(List<StateEntry> entries, Place place) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        entries.forEach(entry -> shapes.put(entry.name(), entry.tensor().shape()));
        for (Map.Entry<String, Shape> matrix : shapes.entrySet()) {
            boolean down = matrix.getKey().contains(DOWN);
            String other =
                    down ? matrix.getKey().replace(DOWN, UP) : matrix.getKey().replace(UP, DOWN);
            Shape shape = shapes.get(other);
            if (shape == null) {
                throw new InvalidCheckpointException(
                        ProblemCode.MISSING_TENSOR,
                        place.tensor(other),
                        "checkpoints.sat.adapter-half",
                        matrix.getKey(),
                        other);
            }
            if (matrix.getValue().size(down ? 0 : 1) != shape.size(down ? 1 : 0)) {
                throw new InvalidCheckpointException(
                        ProblemCode.SHAPE_MISMATCH,
                        place.tensor(other),
                        "checkpoints.sat.adapter-rank",
                        matrix.getKey(),
                        matrix.getValue(),
                        other,
                        shape);
            }
        }
    }
}
