package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import java.util.Optional;

/// What a repair may do, and what it was told where it will not guess.
///
/// @param convert whether weights may be written anew where names alone do not help
/// @param keep    of several sets of weights, a file (or the index) of the one to keep
public record RepairOptions(boolean convert, Optional<String> keep) {
    /// Names and small files only.
    public static RepairOptions namesOnly() {
        return new RepairOptions(false, Optional.empty());
    }

    /// Names, and contents where they must be.
    public static RepairOptions withConversion() {
        return new RepairOptions(true, Optional.empty());
    }
}
