package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// One part of a model under its names in SAT and in diffusers. Both directions are each other's inverse.
interface Translation {
    /// Diffusers' entries from SAT's, without the part's prefix.
    ///
    /// @throws InvalidCheckpointException `extra-tensor` for a name that is not known or a tensor that is there
    /// twice, `missing-tensor` and `shape-mismatch` for what cannot be taken apart
    List<StateEntry> toDiffusers(List<StateEntry> entries, Place place);

    /// SAT's entries from diffusers', without the part's prefix.
    ///
    /// @throws InvalidCheckpointException as in the other direction
    List<StateEntry> toSat(List<StateEntry> entries, Place place);

    /// Refuses two tensors of one name.
    static List<StateEntry> unique(List<StateEntry> entries, Place place) {
        Set<String> seen = new HashSet<>();
        for (StateEntry entry : entries) {
            if (!seen.add(entry.name())) {
                throw new InvalidCheckpointException(
                        ProblemCode.EXTRA_TENSOR, place.tensor(entry.name()), "checkpoints.sat.twice", entry.name());
            }
        }
        return entries;
    }

    /// Refuses tensors whose names no rule knows.
    static void refuse(List<StateEntry> unknown, Place place) {
        if (!unknown.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.EXTRA_TENSOR,
                    place.tensor(unknown.getFirst().name()),
                    "checkpoints.sat.unknown",
                    unknown.size(),
                    Message.first(unknown.stream().map(StateEntry::name).toList()));
        }
    }
}
