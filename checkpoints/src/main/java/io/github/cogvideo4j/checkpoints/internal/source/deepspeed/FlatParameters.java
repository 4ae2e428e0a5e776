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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The place of each parameter in the ranks' flat fp32 tensors: the arithmetic of ZeRO's partitions.
final class FlatParameters {
    private FlatParameters() {}

    /// Stages 1 and 2: a group is its parameters one after the other in the order of `param_shapes`, padded at
    /// the end only, cut into one contiguous partition a rank. The padding is usually not on disk, so the last
    /// partition is shorter.
    ///
    /// @param states the optimizer state of every rank, in order
    /// @param groups names and shapes of each group
    static List<StateEntry> contiguous(List<OptimizerState> states, List<SequencedMap<String, Shape>> groups) {
        for (OptimizerState state : states) {
            if (state.flatGroups().size() != groups.size()) {
                throw mismatch(
                        state,
                        "checkpoints.deepspeed.groups",
                        state.flatGroups().size(),
                        groups.size());
            }
        }
        List<StateEntry> entries = new ArrayList<>();
        for (int group = 0; group < groups.size(); group++) {
            int index = group;
            List<StoredTensor> partitions =
                    states.stream().map(state -> state.flatGroups().get(index)).toList();
            requireEqualPartitions(states, partitions);
            long available =
                    partitions.stream().mapToLong(p -> p.shape().numel()).sum();
            long needed = numel(groups.get(group));
            // What zero_to_fp32 accepts: equal after both are rounded up to the alignment, which is 2 x world
            // size.
            long alignment = 2L * states.size();
            if (available < needed || roundUp(available, alignment) != roundUp(needed, alignment)) {
                throw mismatch(states.getLast(), "checkpoints.deepspeed.numel", needed, available, group);
            }
            StoredTensor whole = concatenate("group " + group, partitions);
            long position = 0;
            for (Map.Entry<String, Shape> parameter : groups.get(group).entrySet()) {
                long elements = parameter.getValue().numel();
                entries.add(entry(parameter, whole.slice(position, elements)));
                position += elements;
            }
        }
        return entries;
    }

    /// Stage 3: every parameter is padded on its own to a multiple of the world size, and rank r holds the r-th
    /// slice of it. The flat tensors of a rank (sub-groups) are one after the other, as are the groups of
    /// `param_shapes`; their boundaries need not meet.
    static List<StateEntry> interleaved(List<OptimizerState> states, List<SequencedMap<String, Shape>> groups) {
        int world = states.size();
        long perRank = groups.stream()
                .flatMap(group -> group.values().stream())
                .mapToLong(shape -> Math.ceilDiv(shape.numel(), (long) world))
                .sum();
        List<StoredTensor> ranks = new ArrayList<>();
        for (OptimizerState state : states) {
            StoredTensor flat = concatenate("rank " + state.rank(), state.flatGroups());
            if (flat.shape().numel() != perRank) {
                throw mismatch(
                        state,
                        "checkpoints.deepspeed.numel-rank",
                        perRank,
                        flat.shape().numel());
            }
            ranks.add(flat);
        }
        List<StateEntry> entries = new ArrayList<>();
        long position = 0;
        for (SequencedMap<String, Shape> group : groups) {
            for (Map.Entry<String, Shape> parameter : group.entrySet()) {
                long slice = Math.ceilDiv(parameter.getValue().numel(), (long) world);
                entries.add(entry(
                        parameter,
                        slices(ranks, position, slice, parameter.getValue().numel())));
                position += slice;
            }
        }
        return entries;
    }

    /// One tensor from the equal slices that ranks hold, without the padding at the end.
    static List<Extent> slices(List<StoredTensor> ranks, long position, long slice, long numel) {
        List<Extent> parts = new ArrayList<>();
        long left = numel;
        for (StoredTensor rank : ranks) {
            long elements = Math.min(left, slice);
            parts.addAll(rank.slice(position, elements));
            left -= elements;
        }
        return parts;
    }

    private static StateEntry entry(Map.Entry<String, Shape> parameter, List<Extent> parts) {
        return new StateEntry(
                new StoredTensor(parameter.getKey(), DType.F32, parameter.getValue(), new TensorData.Extents(parts)),
                Role.PARAMETER);
    }

    private static StoredTensor concatenate(String name, List<StoredTensor> flat) {
        List<Extent> parts = flat.stream()
                .flatMap(tensor -> tensor.slice(0, tensor.shape().numel()).stream())
                .toList();
        long numel = flat.stream().mapToLong(tensor -> tensor.shape().numel()).sum();
        return new StoredTensor(name, DType.F32, Shape.of(numel), new TensorData.Extents(parts));
    }

    /// Only the last rank's partition may lack the padding; a shorter one before it would shift all that
    /// follows.
    private static void requireEqualPartitions(List<OptimizerState> states, List<StoredTensor> partitions) {
        long expected = partitions.getFirst().shape().numel();
        for (int rank = 0; rank < partitions.size(); rank++) {
            long found = partitions.get(rank).shape().numel();
            boolean last = rank == partitions.size() - 1;
            if (last ? found > expected : found != expected) {
                throw mismatch(states.get(rank), "checkpoints.deepspeed.partition", found, expected);
            }
        }
    }

    private static long numel(SequencedMap<String, Shape> group) {
        return group.values().stream().mapToLong(Shape::numel).reduce(0, Math::addExact);
    }

    private static long roundUp(long value, long multiple) {
        return Math.ceilDiv(value, multiple) * multiple;
    }

    private static InvalidCheckpointException mismatch(OptimizerState state, String key, Object... arguments) {
        return new InvalidCheckpointException(ProblemCode.NUMEL_MISMATCH, Place.of(state.file()), key, arguments);
    }
}
