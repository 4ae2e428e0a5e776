package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.Files;
import java.nio.file.Path;

/// Paths inside a folder, without a link on the way.
final class SafePaths {
    private SafePaths() {}

    /// The file that a relative path of plain names means.
    ///
    /// @throws UnsafeFileException when a name is not plain, or a link is on the way or at the end
    static Path inside(Path root, String relative) {
        Path path = root;
        for (String name : relative.split("/", -1)) {
            Path parent = path;
            path = PlainFileName.of(name)
                    .map(plain -> plain.in(parent))
                    .orElseThrow(() -> new UnsafeFileException(
                            ProblemCode.UNSAFE_PATH, Place.of(root), "checkpoints.undo.path", relative));
            if (Files.isSymbolicLink(path)) {
                throw new UnsafeFileException(ProblemCode.UNSAFE_PATH, Place.of(path), "checkpoints.undo.link");
            }
        }
        return path;
    }
}
