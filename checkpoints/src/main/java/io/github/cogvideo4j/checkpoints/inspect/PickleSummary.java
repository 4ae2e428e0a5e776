package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The names that a pickle mentions.
///
/// @param file    the file that holds it
/// @param name    what it is in the file: a record of a ZIP, a part of the legacy container
/// @param offset  where it starts in the file; empty when it is compressed and lies nowhere as it is
/// @param opcodes how many opcodes it has
/// @param globals every name that it brings in, in the order of first mention
/// @param broken  why it cannot be followed to its end, if it cannot
public record PickleSummary(
        Path file, String name, OptionalLong offset, int opcodes, List<Mention> globals, Optional<Problem> broken) {
    /// Copies the list.
    public PickleSummary {
        globals = List.copyOf(globals);
    }

    /// A name and the verdict on it.
    ///
    /// @param global the name
    /// @param count  how often it is brought in
    /// @param first  where it is brought in first, in bytes from the pickle's start
    public record Mention(PickleName global, int count, int first) {}

    /// Whether every name in it is allowed.
    public boolean harmless() {
        return globals.stream().allMatch(mention -> mention.global().allowed());
    }

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
}
