package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// The files that a plan was made from, each with the identity it had before its header was read.
public final class SourceFiles {
    private final Map<Path, FileIdentity> identities = new TreeMap<>();

    /// Notes a file that is about to be opened.
    public Path note(Path file) throws IOException {
        if (!identities.containsKey(file)) {
            identities.put(file, FileIdentity.of(file));
        }
        return file;
    }

    /// What has been noted.
    public Map<Path, FileIdentity> identities() {
        return Map.copyOf(identities);
    }

    /// Checks that no file changed since it was noted.
    ///
    /// @throws InvalidCheckpointException with `source-changed` for the first one that did
    public static void requireUnchanged(Map<Path, FileIdentity> files) throws IOException {
        for (Map.Entry<Path, FileIdentity> file : files.entrySet()) {
            boolean same;
            try {
                same = FileIdentity.of(file.getKey()).equals(file.getValue());
            } catch (java.nio.file.NoSuchFileException _) {
                same = false;
            }
            if (!same) {
                throw new InvalidCheckpointException(
                        ProblemCode.SOURCE_CHANGED, Place.of(file.getKey()), "checkpoints.source.changed");
            }
        }
    }
}
