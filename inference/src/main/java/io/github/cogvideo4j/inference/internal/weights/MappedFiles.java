package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// Weight files mapped read-only, each once, for as long as the arena lives.
final class MappedFiles {
    private final Arena arena;
    private final Map<Path, MemorySegment> files = new HashMap<>();

    MappedFiles(Arena arena) {
        this.arena = arena;
    }

    /// A range of a file.
    ///
    /// @throws MalformedFileException `source-changed` when the file has become shorter than its headers said
    synchronized MemorySegment range(Path file, long offset, long length) throws IOException {
        MemorySegment whole = files.get(file);
        if (whole == null) {
            try (FileChannel channel = RegularFile.open(file)) {
                whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            }
            files.put(file, whole);
        }
        if (offset < 0 || length < 0 || offset > whole.byteSize() - length) {
            throw new MalformedFileException(
                    ProblemCode.SOURCE_CHANGED,
                    Place.at(file, whole.byteSize()),
                    "inference.weights.shrunk",
                    length,
                    offset);
        }
        return whole.asSlice(offset, length);
    }
}
