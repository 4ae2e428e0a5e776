package io.github.cogvideo4j.checkpoints.internal.inspect;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.internal.OtherFormat;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// The files of a folder that hold pickles, recognised by their first bytes; a pickle of protocol 0 has no mark
/// and is recognised by its name. Links to files are followed, as in a hub's cache, links to folders are not.
final class PickleFiles {
    private static final int DEEPEST = 8;
    // A checkpoint of 1,000 ranks has 2,000 files.
    private static final int MOST = 20_000;
    private static final List<String> NAMED = List.of(".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt");
    private static final Set<ContainerKind> MARKED =
            EnumSet.of(ContainerKind.ZIP, ContainerKind.TORCH_LEGACY, ContainerKind.PICKLE);

    private PickleFiles() {}

    /// The file itself, whatever it is but a known format without pickles, or all such files of the folder, in
    /// the order of their names.
    static List<Path> of(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            return inside(path);
        }
        boolean other = ContainerKind.of(path) == ContainerKind.UNKNOWN
                && OtherFormat.of(path).isPresent();
        return other ? List.of() : List.of(path);
    }

    private static List<Path> inside(Path folder) throws IOException {
        List<Path> all = new ArrayList<>();
        Files.walkFileTree(folder, Set.of(), DEEPEST, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (all.size() >= MOST) {
                    throw new InvalidCheckpointException(
                            ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), "checkpoints.inspect.too-many-files", MOST);
                }
                all.add(file);
                return FileVisitResult.CONTINUE;
            }
        });
        List<Path> found = new ArrayList<>();
        for (Path file : all) {
            if (Files.isRegularFile(file) && holdsPickles(file)) {
                found.add(file);
            }
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    private static boolean holdsPickles(Path file) throws IOException {
        ContainerKind kind = ContainerKind.of(file);
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return MARKED.contains(kind)
                || (kind == ContainerKind.UNKNOWN && NAMED.stream().anyMatch(name::endsWith));
    }
}
