package io.github.cogvideo4j.checkpoints.inspect;

import java.util.Optional;

/// A name of Python's that a pickle brings in, with the verdict on it.
///
/// @param name    module and name: `torch._utils._rebuild_tensor_v2`
/// @param becomes what it becomes when the pickle is read as data; empty when the name is refused
/// @param reason  why it is harmless here; empty when the name is refused
public record PickleName(String name, Optional<String> becomes, Optional<String> reason) {
    /// Whether the name is on the list of allowed names.
    public boolean allowed() {
        return reason.isPresent();
    }
}
