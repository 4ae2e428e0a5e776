package io.github.cogvideo4j.checkpoints.internal.doctor.support;

import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.source.KeyPrefix;
import io.github.cogvideo4j.checkpoints.internal.table.FamilyMatch;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.util.List;
import java.util.Optional;

/// The prefix that a training wrapper put before every name of a set of weights.
public final class WrapperPrefix {
    private WrapperPrefix() {}

    /// The prefix that all names have: a wrapper's, or whatever stands before a known family's names.
    public static Optional<String> of(WeightGroup group) {
        List<StateEntry> entries = group.contents().tensors().stream()
                .map(tensor -> new StateEntry(tensor, Role.PARAMETER))
                .toList();
        if (entries.isEmpty()) {
            return Optional.empty();
        }
        String before = entries.getFirst().name();
        String after = KeyPrefix.strip(entries, Place.nowhere(), new Warnings())
                .getFirst()
                .name();
        String known = before.substring(0, before.length() - after.length());
        return group.matches().stream()
                .map(FamilyMatch::wrapper)
                .filter(wrapper -> !wrapper.isEmpty()
                        && entries.stream().allMatch(entry -> entry.name().startsWith(wrapper)))
                .findFirst()
                .or(() -> Optional.of(known))
                .filter(wrapper -> !wrapper.isEmpty());
    }
}
