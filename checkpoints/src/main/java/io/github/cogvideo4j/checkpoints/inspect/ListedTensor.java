package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.checkpoints.source.Role;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.Optional;

/// A tensor found in a file or a checkpoint.
///
/// @param tensor where and what it is
/// @param role   what it was to the trainer, where the checkpoint says so
public record ListedTensor(StoredTensor tensor, Optional<Role> role) {
    /// A tensor of a state dict.
    public static ListedTensor of(StateEntry entry) {
        return new ListedTensor(entry.tensor(), Optional.of(entry.role()));
    }

    /// A tensor of which nothing more is known.
    public static ListedTensor of(StoredTensor tensor) {
        return new ListedTensor(tensor, Optional.empty());
    }

    /// Its key.
    public String name() {
        return tensor.name();
    }

    /// Whether its elements count as parameters: buffers do not, and tied weights count once.
    public boolean isParameter() {
        return role.filter(part -> part == Role.BUFFER || part == Role.ALIAS).isEmpty();
    }
}
