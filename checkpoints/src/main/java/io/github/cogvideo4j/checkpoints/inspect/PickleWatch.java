package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.checkpoints.inspect.PickleSummary.PickleName;
import java.nio.file.Path;
import java.util.Optional;

/// A listener that is handed the opcodes while a scan goes through pickles, for a listing.
public interface PickleWatch {
    /// A listener that ignores what it is handed.
    PickleWatch NONE = new PickleWatch() {
        @Override
        public void begin(Path file, String name) {}

        @Override
        public void line(PickleLine line) {}

        @Override
        public void end(PickleSummary summary) {}
    };

    /// A pickle begins.
    void begin(Path file, String name);

    /// Its next opcode.
    void line(PickleLine line);

    /// It is over.
    void end(PickleSummary summary);

    /// One opcode of a pickle's listing.
    ///
    /// @param position where the opcode starts, in bytes from the pickle's start
    /// @param opcode   the opcode's name, as `pickletools` has it
    /// @param argument its argument as text, if it has one; strings are in quotes
    /// @param global   the name that it brings in, if it does
    record PickleLine(int position, String opcode, Optional<String> argument, Optional<PickleName> global) {
        /// Whether this line alone makes the pickle unsafe: a refused name, or an extension code.
        public boolean refused() {
            return opcode.startsWith("EXT")
                    || global.filter(name -> !name.allowed()).isPresent();
        }
    }
}
