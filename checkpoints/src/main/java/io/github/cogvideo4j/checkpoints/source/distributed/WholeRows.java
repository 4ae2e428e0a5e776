package io.github.cogvideo4j.checkpoints.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Whether tensors that were cut along their first dimension have all of their rows, where nothing says how
/// many there should be. When the files of the last ranks are lost, what is left is consistent in itself: every
/// tensor is shorter. But columns are never cut, and an attention block tells: what its output projection takes
/// in (columns) is what the query projection puts out (rows).
final class WholeRows {
    private static final String QUERY = ".to_q.weight";
    private static final String OUTPUT = ".to_out.0.weight";

    private WholeRows() {}

    /// Checks every attention block.
    ///
    /// @param missing what the name of the first missing file begins with
    /// @throws InvalidCheckpointException `missing-rank` naming the tensor and the file
    static void require(List<StoredTensor> tensors, Path folder, String missing) {
        Map<String, Shape> shapes = new HashMap<>();
        tensors.forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
        for (StoredTensor tensor : tensors) {
            String name = tensor.name();
            if (!name.endsWith(QUERY) || tensor.shape().rank() != 2) {
                continue;
            }
            Shape output = shapes.get(name.substring(0, name.length() - QUERY.length()) + OUTPUT);
            if (output != null
                    && output.rank() == 2
                    && tensor.shape().size(0) < output.size(1)) {
                throw new InvalidCheckpointException(
                        ProblemCode.MISSING_RANK,
                        Place.of(folder).tensor(name),
                        "checkpoints.distributed.rows-missing",
                        name,
                        tensor.shape().size(0),
                        output.size(1),
                        missing);
            }
        }
    }
}
