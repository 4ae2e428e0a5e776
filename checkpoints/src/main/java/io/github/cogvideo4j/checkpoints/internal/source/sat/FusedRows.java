package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Tensors that are equal parts of another one, by rows: the first dimension of a weight, the only one of a
/// bias. Rows are contiguous, so a part is a sub-range of the bytes.
final class FusedRows {
    private final Place place;

    FusedRows(Place place) {
        this.place = place;
    }

    /// The parts of a fused tensor that a rule names.
    StateEntry take(ModuleRule rule, String name, StateEntry fused) {
        StoredTensor tensor = fused.tensor();
        long rows = rows(tensor, rule.outOf());
        return new StateEntry(
                new StoredTensor(
                        name,
                        tensor.dtype(),
                        withRows(tensor.shape(), rows * rule.parts().size()),
                        new TensorData.Extents(rule.parts().stream()
                                .flatMap(part -> slice(tensor, rule.outOf(), part).stream())
                                .toList())),
                fused.role());
    }

    /// The fused tensor of parts.
    ///
    /// @param parts each share by the rule that says which parts it holds
    StateEntry join(String name, Map<ModuleRule, StateEntry> parts) {
        Map.Entry<ModuleRule, StateEntry> first = parts.entrySet().iterator().next();
        StoredTensor model = first.getValue().tensor();
        List<Extent> extents = new ArrayList<>();
        long rows = 0;
        for (int part = 0; part < first.getKey().outOf(); part++) {
            Map.Entry<ModuleRule, StateEntry> holder = holder(name, parts, part);
            List<Integer> held = holder.getKey().parts();
            StoredTensor share = holder.getValue().tensor();
            requireAlike(model, share);
            rows += rows(share, held.size());
            extents.addAll(slice(share, held.size(), held.indexOf(part)));
        }
        return new StateEntry(
                new StoredTensor(name, model.dtype(), withRows(model.shape(), rows), new TensorData.Extents(extents)),
                first.getValue().role());
    }

    private Map.Entry<ModuleRule, StateEntry> holder(String name, Map<ModuleRule, StateEntry> parts, int part) {
        Optional<Map.Entry<ModuleRule, StateEntry>> holder = parts.entrySet().stream()
                .filter(share -> share.getKey().parts().contains(part))
                .findFirst();
        return holder.orElseThrow(() -> new InvalidCheckpointException(
                ProblemCode.MISSING_TENSOR, place.tensor(name), "checkpoints.sat.part-missing", name));
    }

    /// The rows of each part.
    private long rows(StoredTensor tensor, int parts) {
        Shape shape = tensor.shape();
        if (shape.rank() == 0 || shape.size(0) % parts != 0) {
            throw new InvalidCheckpointException(
                    ProblemCode.SHAPE_MISMATCH,
                    place.tensor(tensor.name()),
                    "checkpoints.sat.indivisible",
                    tensor.name(),
                    shape,
                    parts);
        }
        if (!(tensor.data() instanceof TensorData.Extents)) {
            throw new UnsupportedFileException(
                    ProblemCode.UNSUPPORTED_TENSOR,
                    place.tensor(tensor.name()),
                    "checkpoints.sat.not-row-major",
                    tensor.name());
        }
        return shape.size(0) / parts;
    }

    private static List<Extent> slice(StoredTensor tensor, int outOf, int part) {
        long elements = tensor.shape().numel() / outOf;
        return tensor.slice(part * elements, elements);
    }

    private static Shape withRows(Shape shape, long rows) {
        List<Long> sizes = new ArrayList<>(shape.sizes());
        if (!sizes.isEmpty()) {
            sizes.set(0, rows);
        }
        return new Shape(sizes);
    }

    /// Parts of one tensor have one dtype and rows of one length.
    private void requireAlike(StoredTensor first, StoredTensor other) {
        if (first.dtype() != other.dtype() || !withRows(first.shape(), 1).equals(withRows(other.shape(), 1))) {
            throw new InvalidCheckpointException(
                    ProblemCode.SHAPE_MISMATCH,
                    place.tensor(other.name()),
                    "checkpoints.sat.unlike",
                    first.name(),
                    first.dtype() + first.shape().toString(),
                    other.name(),
                    other.dtype() + other.shape().toString());
        }
    }
}
