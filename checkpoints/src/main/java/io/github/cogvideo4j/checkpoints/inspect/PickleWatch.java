package io.github.cogvideo4j.checkpoints.inspect;

import java.nio.file.Path;

/// Told the opcodes while a scan goes through the pickles, for a listing.
public interface PickleWatch {
    /// Tells nobody.
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
}
