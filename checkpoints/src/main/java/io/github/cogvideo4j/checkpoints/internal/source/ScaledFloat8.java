package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Weights in eight bits, as single files for ComfyUI have them. Plain ones are numbers like any others. Scaled ones
/// mean nothing without the scale that stands beside each (`MODULE.scale_weight`, in other files
/// `MODULE.weight_scale`), and a marker named `scaled_fp8` announces them.
///
/// Source of the names: ComfyUI's `model_detection.py`.
final class ScaledFloat8 {
    private static final Set<DType> TYPES = EnumSet.of(DType.F8_E4M3, DType.F8_E5M2);
    private static final List<String> SCALES = List.of(".scale_weight", ".weight_scale");
    private static final String MARKER = "scaled_fp8";

    private ScaledFloat8() {}

    /// Refuses scaled weights and warns of plain ones.
    ///
    /// @throws InvalidCheckpointException `other-format` for scaled ones
    static void judge(Place place, List<StoredTensor> tensors, Warnings warnings) {
        List<StoredTensor> small = tensors.stream()
                .filter(tensor -> TYPES.contains(tensor.dtype()))
                .toList();
        Optional<String> scale = tensors.stream()
                .map(StoredTensor::name)
                .filter(name -> SCALES.stream().anyMatch(name::endsWith))
                .findFirst();
        boolean marked = tensors.stream()
                .map(StoredTensor::name)
                .anyMatch(name -> name.equals(MARKER) || name.endsWith("." + MARKER));
        if (marked || (scale.isPresent() && !small.isEmpty())) {
            throw new InvalidCheckpointException(
                    ProblemCode.OTHER_FORMAT,
                    place,
                    "checkpoints.plain.float8-scaled",
                    small.stream().filter(tensor -> !isMarker(tensor)).count(),
                    tensors.size(),
                    scale.orElse(MARKER));
        }
        if (!small.isEmpty()) {
            warnings.report(
                    ProblemCode.CHOICE,
                    place,
                    "checkpoints.plain.float8",
                    small.size(),
                    tensors.size(),
                    small.getFirst().dtype().torchName());
        }
    }

    private static boolean isMarker(StoredTensor tensor) {
        return tensor.name().endsWith(MARKER);
    }
}
