package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// The check that tensors that were cut along their first dimension have all of their rows, where nothing says how
/// many there should be. When the files of the last ranks are lost, what is left is consistent in itself: every
/// tensor is shorter. But columns are never cut, and transformer blocks tell: what one projection puts out (rows)
/// is what another takes in (columns).
final class WholeRows {
    /// The rows of the first are the columns of the second.
    private record Rule(String rows, String columns) {}

    private static final List<Rule> RULES = List.of(
            new Rule(".to_q.weight", ".to_out.0.weight"),
            new Rule(".to_out.0.weight", ".to_q.weight"),
            new Rule(".ff.net.0.proj.weight", ".ff.net.2.weight"),
            new Rule(".ff.net.2.weight", ".ff.net.0.proj.weight"));

    private WholeRows() {}

    /// Checks every block.
    ///
    /// @param missing what the name of the first missing file begins with
    /// @throws InvalidCheckpointException `missing-rank` naming the tensor and the file
    static void require(List<StoredTensor> tensors, Path folder, String missing) {
        Map<String, Shape> shapes = StoredTensor.shapes(tensors);
        for (StoredTensor tensor : tensors) {
            for (Rule rule : RULES) {
                if (tensor.name().endsWith(rule.rows()) && tensor.shape().rank() == 2) {
                    require(tensor, other(tensor, rule, shapes), folder, missing);
                }
            }
        }
    }

    /// Whether nothing but these ranks can have written the tensors. Of n rows, `torch.chunk` gives c = ceil(n/W) to
    /// each of W ranks, so a tensor that is known to be whole leaves few W: those with W < n/(c-1). It is known to
    /// be whole when its last part is shorter than its first, or when another takes as many columns.
    ///
    /// @param tensors   the tensors as far as their parts reach
    /// @param firstRows rows of each one's first part
    /// @param ranks     the ranks whose files are there
    static boolean isProven(List<StoredTensor> tensors, Map<String, Long> firstRows, int ranks) {
        Map<String, Shape> shapes = StoredTensor.shapes(tensors);
        for (StoredTensor tensor : tensors) {
            long part = firstRows.getOrDefault(tensor.name(), 0L);
            if (part > 1) {
                long rows = tensor.shape().size(0);
                boolean whole = rows % part != 0 || isTakenWhole(tensor, shapes);
                if (whole && (rows - 1) / (part - 1) <= ranks) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isTakenWhole(StoredTensor tensor, Map<String, Shape> shapes) {
        return tensor.shape().rank() == 2
                && RULES.stream()
                        .filter(rule -> tensor.name().endsWith(rule.rows()))
                        .map(rule -> other(tensor, rule, shapes))
                        .anyMatch(other -> other.rank() == 2
                                && other.size(1) == tensor.shape().size(0));
    }

    private static Shape other(StoredTensor tensor, Rule rule, Map<String, Shape> shapes) {
        String block =
                tensor.name().substring(0, tensor.name().length() - rule.rows().length());
        return shapes.getOrDefault(block + rule.columns(), Shape.of());
    }

    private static void require(StoredTensor tensor, Shape other, Path folder, String missing) {
        if (other.rank() == 2 && tensor.shape().size(0) < other.size(1)) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_RANK,
                    Place.of(folder).tensor(tensor.name()),
                    "checkpoints.distributed.rows-missing",
                    tensor.name(),
                    tensor.shape().size(0),
                    other.size(1),
                    missing);
        }
    }
}
