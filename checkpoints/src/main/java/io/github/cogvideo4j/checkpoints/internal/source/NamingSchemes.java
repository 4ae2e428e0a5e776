package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.internal.source.sat.SatNaming;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// The naming schemes that are known, in the order in which they are tried.
public final class NamingSchemes {
    /// All of them.
    public static final List<NamingScheme> ALL = List.of(new SatNaming());

    private NamingSchemes() {}

    /// The scheme that a state dict's keys follow.
    public static Optional<NamingScheme> recognise(Collection<String> names) {
        return ALL.stream().filter(scheme -> scheme.recognises(names)).findFirst();
    }

    /// The scheme of a kind of checkpoint.
    ///
    /// @throws IllegalArgumentException when checkpoints of that kind have diffusers' names
    public static NamingScheme of(CheckpointKind kind) {
        return ALL.stream()
                .filter(scheme -> scheme.kind() == kind)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(kind.title()));
    }
}
