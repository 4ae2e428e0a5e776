package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Fuses adapters into a model: the model's state dict, in which the adapted weights are computed when they
/// are read.
public final class LoraFusion {
    private final Checkpoint base;
    private final List<AppliedAdapter> adapters;
    private final Map<String, StoredTensor> weights = new LinkedHashMap<>();
    private final Map<String, List<FusedWeight.Term>> terms = new LinkedHashMap<>();
    private final Problems remarks = new Problems();

    private LoraFusion(Checkpoint base, List<AppliedAdapter> adapters) {
        this.base = base;
        this.adapters = adapters;
        base.entries().forEach(entry -> weights.put(entry.name(), entry.tensor()));
    }

    /// Fuses.
    ///
    /// @param base     the transformer's weights
    /// @param adapters the adapters, in the order in which they are added
    /// @param ownTypes whether a fused weight has the type of the base's weight; else it is fp32, which is
    ///                 what a cast to a chosen type should start from
    /// @return a checkpoint that can be converted and compared like any other
    /// @throws InvalidCheckpointException `extra-tensor` or `shape-mismatch` when an adapter is for another
    ///     model
    public static Checkpoint fuse(Checkpoint base, List<AppliedAdapter> adapters, boolean ownTypes) {
        return new LoraFusion(base, adapters).fuse(ownTypes);
    }

    private Checkpoint fuse(boolean ownTypes) {
        base.remarks().forEach(remarks::report);
        Map<Path, FileIdentity> files = new TreeMap<>(base.files());
        for (AppliedAdapter applied : adapters) {
            LoraAdapter adapter = applied.adapter();
            adapter.remarks().forEach(remarks::report);
            files.putAll(adapter.files());
            requireFit(adapter);
            AlphaRemarks.tell(applied, remarks);
            adapter.layers()
                    .forEach((weight, layer) -> terms.computeIfAbsent(weight, _ -> new ArrayList<>())
                            .add(new FusedWeight.Term(layer, layer.factor(applied.scale(), applied.alpha()))));
        }
        List<StateEntry> entries =
                base.entries().stream().map(entry -> fused(entry, ownTypes)).toList();
        Path at = base.folder().toAbsolutePath();
        Path parent = at.getParent();
        return new Checkpoint(
                CheckpointKind.FUSED_LORA,
                Files.isDirectory(at) || parent == null ? at : parent,
                base.options(),
                entries,
                base.training(),
                files,
                remarks.all(),
                base.settings(),
                adapters.stream().map(AppliedAdapter::fused).toList());
    }

    private StateEntry fused(StateEntry entry, boolean ownTypes) {
        List<FusedWeight.Term> added = terms.get(entry.name());
        if (added == null) {
            return entry;
        }
        StoredTensor weight = entry.tensor();
        DType dtype = ownTypes && weight.dtype() != DType.F64 ? weight.dtype() : DType.F32;
        return new StateEntry(
                new StoredTensor(weight.name(), dtype, weight.shape(), new FusedWeight(weight, added, dtype)),
                entry.role());
    }

    /// Every weight that the adapter adapts is in the model and has the size that it fits.
    private void requireFit(LoraAdapter adapter) {
        Place place = Place.of(adapter.file());
        List<String> absent = adapter.layers().keySet().stream()
                .filter(name -> !weights.containsKey(name))
                .toList();
        if (!absent.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.EXTRA_TENSOR,
                    place.tensor(absent.getFirst()),
                    "checkpoints.lora.other-model",
                    absent.size(),
                    adapter.layers().size(),
                    LoraAdapterReader.listed(absent));
        }
        for (Map.Entry<String, LoraLayer> entry : adapter.layers().entrySet()) {
            StoredTensor weight = weights.get(entry.getKey());
            if (weight == null || !weight.shape().equals(entry.getValue().weightShape())) {
                throw new InvalidCheckpointException(
                        ProblemCode.SHAPE_MISMATCH,
                        place.tensor(entry.getKey()),
                        "checkpoints.lora.other-size",
                        entry.getKey(),
                        entry.getValue().weightShape(),
                        weight == null ? "-" : weight.shape());
            }
            if (!FloatMatrix.canHold(weight.dtype())) {
                throw new InvalidCheckpointException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        place.tensor(entry.getKey()),
                        "checkpoints.lora.dtype",
                        weight.dtype());
            }
        }
    }
}
