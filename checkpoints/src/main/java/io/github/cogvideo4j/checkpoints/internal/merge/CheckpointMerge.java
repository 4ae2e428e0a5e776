package io.github.cogvideo4j.checkpoints.internal.merge;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.checkpoints.internal.table.TensorMatch;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.Merge;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// The merge of checkpoints of one model: its state dict, in which every tensor is computed when it is read.
///
/// Floating point tensors, trained or frozen, parameters or buffers, are merged by the same rule; tied weights
/// stay tied, as the same sum is taken under each of their names. Tensors of whole numbers have to be the same
/// in all sources.
public final class CheckpointMerge {
    private final List<Checkpoint> sources;
    private final Optional<Checkpoint> base;
    private final Merge how;
    private final boolean ownTypes;

    private CheckpointMerge(List<Checkpoint> sources, Optional<Checkpoint> base, Merge how, boolean ownTypes) {
        this.sources = sources;
        this.base = base;
        this.how = how;
        this.ownTypes = ownTypes;
    }

    /// Merges.
    ///
    /// @param sources  the checkpoints, under the same names
    /// @param base     the model that changes are taken against, under these names; where the method takes them
    /// @param how      the arithmetic, with a weight for each source
    /// @param ownTypes whether a tensor has the type of the sources' where that is one and the same; else it is
    ///                 fp32, which is what a cast to a chosen type should start from
    /// @return a checkpoint that can be converted and compared like any other
    /// @throws InvalidCheckpointException `missing-tensor`, `extra-tensor` or `shape-mismatch` when the sources
    ///     are not of one table, `unsupported-tensor` for types that have no arithmetic and are no whole
    ///     numbers
    public static Checkpoint merge(List<Checkpoint> sources, Optional<Checkpoint> base, Merge how, boolean ownTypes) {
        return new CheckpointMerge(sources, base, how, ownTypes).merge();
    }

    private Checkpoint merge() {
        Checkpoint first = sources.getFirst();
        List<Checkpoint> models = new ArrayList<>(base.stream().toList());
        models.addAll(sources);
        models.forEach(model -> requireSameTable(first, model));
        List<Map<String, StateEntry>> entries =
                models.stream().map(CheckpointMerge::byName).toList();
        MergeRule rule = rule();
        Map<Path, FileIdentity> files = new TreeMap<>();
        models.forEach(model -> files.putAll(model.files()));
        List<StateEntry> merged = first.entries().stream()
                .map(entry -> merged(
                        entry.name(),
                        entries.stream()
                                .map(model -> Objects.requireNonNull(model.get(entry.name())))
                                .toList(),
                        models,
                        rule))
                .toList();
        return new Checkpoint(
                CheckpointKind.MERGED,
                first.folder(),
                first.asked(),
                first.options(),
                merged,
                TrainingState.unknown(),
                files,
                List.of(),
                new Checkpoint.Traits(
                        first.traits().settings(),
                        sources.stream().allMatch(source -> source.traits().keepsDType()),
                        false,
                        false),
                List.of(),
                Optional.of(how));
    }

    private MergeRule rule() {
        List<Double> weights = how.weights();
        return switch (how.method()) {
            case AVERAGE -> new MergeRule.WeightedSum(weights);
            case LINEAR, TASK -> new MergeRule.TaskSum(weights);
            case SLERP -> new MergeRule.Slerp(weights.getLast());
            case TIES -> new MergeRule.Ties(weights, how.density().orElse(1));
        };
    }

    private StateEntry merged(String name, List<StateEntry> entries, List<Checkpoint> models, MergeRule rule) {
        List<StoredTensor> tensors = entries.stream().map(StateEntry::tensor).toList();
        StoredTensor first = entries.getLast().tensor();
        List<StateEntry> ofSources = entries.subList(entries.size() - sources.size(), entries.size());
        Role role = ofSources.stream().map(StateEntry::role).distinct().count() == 1
                ? ofSources.getFirst().role()
                : Role.PARAMETER;
        if (tensors.stream().allMatch(tensor -> FloatMatrix.canHold(tensor.dtype()))) {
            DType dtype = ownTypes ? common(ofSources) : DType.F32;
            return new StateEntry(
                    new StoredTensor(name, dtype, first.shape(), new MergedTensor(tensors, rule, dtype)), role);
        }
        for (int i = 0; i < tensors.size(); i++) {
            DType dtype = tensors.get(i).dtype();
            if (dtype.isFloatingPoint() || dtype != first.dtype()) {
                throw new InvalidCheckpointException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        Place.of(models.get(i).folder()).tensor(name),
                        "checkpoints.merge.dtype",
                        dtype,
                        first.dtype());
            }
        }
        List<Path> folders = models.subList(models.size() - sources.size(), models.size()).stream()
                .map(Checkpoint::folder)
                .toList();
        List<StoredTensor> same = ofSources.stream().map(StateEntry::tensor).toList();
        return new StateEntry(
                new StoredTensor(name, first.dtype(), first.shape(), new EqualTensor(same, folders)), role);
    }

    /// The type that all sources have a tensor in, where a sum can be rounded to it.
    private static DType common(List<StateEntry> entries) {
        List<DType> types =
                entries.stream().map(StateEntry::mergedDType).distinct().toList();
        return types.size() == 1 && types.getFirst() != DType.F64 ? types.getFirst() : DType.F32;
    }

    private static Map<String, StateEntry> byName(Checkpoint checkpoint) {
        Map<String, StateEntry> entries = new HashMap<>();
        checkpoint.entries().forEach(entry -> entries.put(entry.name(), entry));
        return entries;
    }

    /// Holds a model's names and shapes to the first source's.
    private static void requireSameTable(Checkpoint first, Checkpoint other) {
        TensorMatch match = TensorMatch.of(first.shapes(), other.shapes());
        if (!match.reshaped().isEmpty()) {
            TensorMatch.Reshaped tensor = match.reshaped().getFirst();
            Shape expected = tensor.expected();
            throw new InvalidCheckpointException(
                    ProblemCode.SHAPE_MISMATCH,
                    Place.of(other.folder()).tensor(tensor.name()),
                    "checkpoints.merge.shape",
                    tensor.found(),
                    expected,
                    first.folder(),
                    match.reshaped().size());
        }
        if (!match.missing().isEmpty()) {
            throw differing(ProblemCode.MISSING_TENSOR, "checkpoints.merge.missing", match.missing(), first, other);
        }
        if (!match.extra().isEmpty()) {
            throw differing(ProblemCode.EXTRA_TENSOR, "checkpoints.merge.extra", match.extra(), first, other);
        }
    }

    private static InvalidCheckpointException differing(
            ProblemCode code, String key, List<String> names, Checkpoint first, Checkpoint other) {
        return new InvalidCheckpointException(
                code,
                Place.of(other.folder()).tensor(names.getFirst()),
                key,
                names.size(),
                Message.first(names),
                first.folder());
    }
}
