package io.github.cogvideo4j.checkpoints.inspect;

import java.util.Optional;

/// One opcode of a pickle's listing.
///
/// @param position where the opcode starts, in bytes from the pickle's start
/// @param opcode   the opcode's name, as `pickletools` has it
/// @param argument its argument as text, if it has one; strings are in quotes
/// @param global   the name that it brings in, if it does
public record PickleLine(int position, String opcode, Optional<String> argument, Optional<PickleName> global) {
    /// Whether this line alone makes the pickle unsafe: a refused name, or an extension code.
    public boolean refused() {
        return opcode.startsWith("EXT")
                || global.filter(name -> !name.allowed()).isPresent();
    }
}
