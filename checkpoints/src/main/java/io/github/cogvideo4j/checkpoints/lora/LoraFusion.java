package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.LayerChange;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterBinding;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterWarnings;
import io.github.cogvideo4j.checkpoints.internal.lora.ChangeSize;
import io.github.cogvideo4j.checkpoints.internal.lora.ModelNames;
import io.github.cogvideo4j.checkpoints.internal.lora.TrainedModel;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FusedWeight;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoint.FusedAdapter;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/// The fusion of adapters into a model: the model's state dict, in which the adapted tensors are computed when
/// they are read.
public final class LoraFusion {
    private final Checkpoint base;
    private final List<AppliedAdapter> adapters;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, List<FusedWeight.Term>> terms = new LinkedHashMap<>();
    private final Map<String, Path> replaced = new HashMap<>();
    private final Warnings warnings = new Warnings();

    private LoraFusion(Checkpoint base, List<AppliedAdapter> adapters) {
        this.base = base;
        this.adapters = adapters;
        base.entries().forEach(entry -> tensors.put(entry.name(), entry.tensor()));
    }

    /// Fuses. The result's warnings say how many modules of each adapter were bound: all, or there is no result.
    ///
    /// @param base     the component's weights
    /// @param adapters the adapters, in the order in which they are applied
    /// @param ownTypes whether a fused weight has the type of the base's weight; else it is fp32, which is
    ///                 what a cast to a chosen type should start from
    /// @return a checkpoint that can be converted and compared like any other
    /// @throws InvalidCheckpointException `extra-tensor` or `shape-mismatch` when an adapter is for another
    ///     model, `ambiguous-weights` or `duplicate-weights` when its names can be understood in two ways
    public static Checkpoint fuse(Checkpoint base, List<AppliedAdapter> adapters, boolean ownTypes) {
        return new LoraFusion(base, adapters).fuse(ownTypes);
    }

    /// How large the change is beside the weights that it changes: the Frobenius norm of all that is added to
    /// matrices over that of these matrices. Reads both, but for tensors that have been computed already
    /// (written or compared): their norms were taken on the way.
    ///
    /// @param fused   a fused checkpoint
    /// @param threads how many tensors at once
    /// @return empty when no matrix is changed
    public static Optional<Strength> strength(Checkpoint fused, int threads) throws IOException {
        return ChangeSize.of(fused.entries().stream().map(StateEntry::tensor).toList(), threads)
                .map(size -> new Strength(size.ratio(), size.largest(), size.tensor()));
    }

    /// How large a change is beside the weights that it changes.
    ///
    /// @param ratio   of all changed matrices together
    /// @param largest of the matrix that changes most
    /// @param tensor  that matrix
    public record Strength(double ratio, double largest, String tensor) {
        /// What is wrong with it: a change that is larger than what it changes.
        ///
        /// @param adapter the adapter that is to be named
        public Optional<Problem> problem(Path adapter) {
            return ratio > 1
                    ? Optional.of(Problem.of(
                            ProblemCode.LORA_ALPHA,
                            Place.of(adapter),
                            "checkpoints.lora.strength",
                            rounded(ratio),
                            tensor,
                            rounded(largest)))
                    : Optional.empty();
        }

        private static String rounded(double value) {
            return String.format(Locale.ROOT, "%.2f", value);
        }
    }

    private Checkpoint fuse(boolean ownTypes) {
        base.warnings().forEach(warnings::report);
        Map<String, Shape> shapes = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        ModelNames names = ModelNames.of(shapes);
        Map<Path, FileIdentity> files = new TreeMap<>(base.files());
        for (AppliedAdapter applied : adapters) {
            LoraAdapter adapter = applied.adapter();
            adapter.warnings().forEach(warnings::report);
            files.putAll(adapter.content().files());
            AdapterBinding binding = AdapterBinding.of(adapter.content(), names).require(names);
            AdapterWarnings.tellBinding(binding, warnings);
            AdapterWarnings.tellAlpha(binding.adapter(), applied.alpha(), warnings);
            TrainedModel.tellOther(adapter.content(), shapes, warnings);
            binding.targets().forEach((tensor, target) -> add(tensor, target, applied));
        }
        List<StateEntry> entries =
                base.entries().stream().map(entry -> fused(entry, ownTypes)).toList();
        Path at = base.folder();
        return new Checkpoint(
                CheckpointKind.FUSED_LORA,
                Files.isDirectory(at) ? at : Objects.requireNonNullElse(at.getParent(), Path.of(".")),
                base.options(),
                entries,
                base.training(),
                files,
                warnings.all(),
                new Checkpoint.Traits(base.traits().settings(), false, false, false),
                adapters.stream().map(AppliedAdapter::fused).toList());
    }

    private void add(String tensor, AdapterBinding.Target target, AppliedAdapter applied) {
        Path file = applied.adapter().file();
        StoredTensor weight = java.util.Objects.requireNonNull(tensors.get(tensor), tensor);
        if (!FloatMatrix.canHold(weight.dtype())) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNSUPPORTED_TENSOR,
                    Place.of(file).tensor(tensor),
                    "checkpoints.lora.dtype",
                    weight.dtype());
        }
        for (LayerChange change : target.changes()) {
            Path other = change.delta().replaces() ? replaced.putIfAbsent(tensor, file) : null;
            if (other != null) {
                throw new InvalidCheckpointException(
                        ProblemCode.DUPLICATE_WEIGHTS,
                        Place.of(file).tensor(tensor),
                        "checkpoints.lora.replaced-twice",
                        tensor,
                        other);
            }
        }
        terms.computeIfAbsent(tensor, _ -> new ArrayList<>())
                .addAll(target.module().terms(target.changes(), applied.scale(), applied.alpha()));
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

    /// An adapter and how strongly it is applied.
    ///
    /// @param adapter the adapter
    /// @param scale   how strongly; 1 as trained
    /// @param alpha   an alpha that goes before what the adapter records
    public record AppliedAdapter(LoraAdapter adapter, double scale, OptionalDouble alpha) {
        /// What a checkpoint records of it once it is fused.
        FusedAdapter fused() {
            var modules = adapter.content().modules().values();
            int rank = modules.stream()
                    .flatMapToInt(module -> module.rank().stream())
                    .max()
                    .orElse(0);
            double factor = modules.iterator().next().factor(scale, alpha);
            return new FusedAdapter(adapter.file(), modules.size(), rank, scale, alpha, factor);
        }
    }
}
