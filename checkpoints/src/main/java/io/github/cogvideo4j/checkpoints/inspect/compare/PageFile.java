package io.github.cogvideo4j.checkpoints.inspect.compare;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.staging.NamedFailure;
import io.github.cogvideo4j.checkpoints.internal.staging.NewFolders;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.UUID;

/// The file of a page, written so that it holds the old page or the new one, and so that a slip of the hand does
/// not replace weights by a page.
public final class PageFile {
    private PageFile() {}

    /// Refuses to write where something else than a page is.
    ///
    /// @throws OutputException `output-refused`
    public static void requireReplaceable(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean page = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && isPage(ContainerKind.of(file));
        if (!page) {
            throw new OutputException(
                    Problem.of(ProblemCode.OUTPUT_REFUSED, Place.of(file), "checkpoints.page.not-a-page")
                            .with(Remedy.change(Remedy.Field.PAGE)));
        }
    }

    private static boolean isPage(ContainerKind kind) {
        return kind == ContainerKind.HTML || kind == ContainerKind.EMPTY;
    }

    /// Writes a page; folders above it are made when absent, and are gone again when it fails.
    ///
    /// @throws OutputException `output-refused` when something else than a page is there
    public static void write(Path file, String page) throws IOException {
        requireReplaceable(file);
        NewFolders parents =
                NewFolders.create(Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file has a folder"));
        Path unfinished = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            NamedFailure.naming(file, () -> Files.writeString(unfinished, page, StandardOpenOption.CREATE_NEW));
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
            parents.removeEmpty();
        }
    }
}
