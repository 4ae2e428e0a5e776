package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The fragments of frozen parameters, which have no master copy: the model states hold them in the training dtype,
/// whole in stage 2, one fragment a rank in stage 3.
final class FrozenFragments {
    private FrozenFragments() {}

    /// Joins the fragments of one parameter and cuts the padding off.
    static StateEntry join(Path file, String name, Shape shape, List<StoredTensor> fragments) {
        if (fragments.size() == 1 && fragments.getFirst().shape().equals(shape)) {
            return new StateEntry(fragments.getFirst(), Role.FROZEN);
        }
        DType dtype = fragments.getFirst().dtype();
        long available = fragments.stream()
                .mapToLong(fragment -> fragment.shape().numel())
                .sum();
        boolean alike = fragments.stream()
                .allMatch(fragment -> fragment.dtype() == dtype && fragment.data() instanceof TensorData.Extents);
        if (!alike || available < shape.numel()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NUMEL_MISMATCH,
                    Place.of(file).tensor(name),
                    "checkpoints.deepspeed.frozen-numel",
                    name,
                    shape.numel(),
                    available);
        }
        List<Extent> parts = new ArrayList<>();
        long left = shape.numel();
        for (StoredTensor fragment : fragments) {
            long elements = Math.min(left, fragment.shape().numel());
            parts.addAll(fragment.slice(0, elements));
            left -= elements;
        }
        return new StateEntry(new StoredTensor(name, dtype, shape, new TensorData.Extents(parts)), Role.FROZEN);
    }
}
