package io.github.cogvideo4j.inference.output;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.internal.staging.NamedFailure;
import io.github.cogvideo4j.checkpoints.internal.staging.NewFolders;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.UUID;

/// An output file, or folder of files, that is written beside its name and moved there when it is whole. At every
/// instant the name holds the old result, the new one, or nothing, also when the process is interrupted.
public final class OutputFile {
    /// The longest name that file systems take, in bytes.
    private static final int LONGEST_NAME = 255;

    private OutputFile() {}

    /// The writer of the new file or of the new folder's files.
    @FunctionalInterface
    public interface Body {
        /// Writes.
        ///
        /// @param unfinished the temporary name; nothing is there yet
        void write(Path unfinished) throws IOException;
    }

    /// Refuses a name under which a result may not be put, before anything long begins.
    ///
    /// @param overwrite whether a file that is there may be replaced
    /// @throws OutputException `output-refused` when a link or a folder is there, or a file without `overwrite`
    /// @throws AccessDeniedException when nothing can be written in its folder
    public static void check(Path file, boolean overwrite) throws AccessDeniedException {
        checkName(file);
        refuseLink(file);
        if (Files.isDirectory(file)) {
            throw refused(file, "inference.output.folder");
        }
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !overwrite) {
            throw exists(file);
        }
    }

    /// The same for a folder of frames. With `overwrite` a folder that holds nothing but frames is replaced.
    public static void checkFolder(Path folder, boolean overwrite) throws IOException {
        checkName(folder);
        refuseLink(folder);
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw refused(folder, "inference.output.file");
        }
        try (var children = Files.list(folder)) {
            var names =
                    children.map(child -> String.valueOf(child.getFileName())).toList();
            if (names.stream().anyMatch(name -> !name.matches("frame_\\d+\\.png"))) {
                throw refused(folder, "inference.output.foreign");
            }
            if (!names.isEmpty() && !overwrite) {
                throw exists(folder);
            }
        }
    }

    /// Writes a file.
    ///
    /// @param overwrite whether a file that is there is replaced. Without it one that appeared while this one
    ///                  was written stays as it is, also when two processes finish at the same moment
    /// @throws OutputException `output-refused` when a link or a folder is there, or a file without `overwrite`
    public static void write(Path file, boolean overwrite, Body body) throws IOException {
        check(file, overwrite);
        build(file, body, unfinished -> {
            if (overwrite) {
                replace(unfinished, file);
            } else {
                publish(unfinished, file);
            }
        });
    }

    /// Writes a folder of frames.
    ///
    /// @param overwrite whether a folder of frames that is there is replaced
    /// @throws OutputException `output-refused` when a link is there, a file, or a folder that holds
    /// something else
    public static void writeFolder(Path folder, boolean overwrite, Body body) throws IOException {
        checkFolder(folder, overwrite);
        build(
                folder,
                unfinished -> {
                    Files.createDirectory(unfinished);
                    body.write(unfinished);
                },
                unfinished -> {
                    if (overwrite) {
                        FolderDeletion.delete(folder);
                    }
                    publishFolder(unfinished, folder);
                });
    }

    /// A new name for a finished file. A hard link is made only where nothing has that name yet; where the file
    /// system knows none, an empty file of our own holds the name first.
    private static void publish(Path unfinished, Path file) throws IOException {
        try {
            try {
                Files.createLink(file, unfinished);
            } catch (UnsupportedOperationException | FileSystemException e) {
                if (e instanceof FileAlreadyExistsException exists) {
                    throw exists;
                }
                Files.createFile(file);
                replace(unfinished, file);
            }
        } catch (FileAlreadyExistsException _) {
            throw exists(file);
        }
    }

    /// A folder takes the place of an empty one and of nothing else.
    private static void publishFolder(Path unfinished, Path folder) throws IOException {
        try {
            Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                throw exists(folder);
            }
            throw e;
        }
    }

    private static void replace(Path unfinished, Path file) throws IOException {
        Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Refuses what cannot be created, as far as that can be known: a run of hours is not to end with it.
    private static void checkName(Path target) throws AccessDeniedException {
        String name = String.valueOf(target.getFileName());
        if (target.getFileName() == null || name.isEmpty() || name.equals(".") || name.equals("..")) {
            throw refused(target, "inference.output.no-name");
        }
        // The name that it has while it is written is longer.
        String longest = String.valueOf(unfinished(target).getFileName());
        if (longest.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
            throw refused(target, "inference.output.long-name");
        }
        // Told as the user wrote it.
        Path above = target.getParent();
        while (above != null && !Files.exists(above)) {
            above = above.getParent();
        }
        Path folder = Objects.requireNonNullElse(above, Path.of("."));
        if (!Files.isDirectory(folder)) {
            throw refused(target, "inference.output.under-file");
        }
        if (!Files.isWritable(folder)) {
            throw new AccessDeniedException(folder.toString());
        }
    }

    private static Path unfinished(Path target) {
        return target.toAbsolutePath()
                .resolveSibling("." + target.getFileName() + ".cogvideo4j-"
                        + UUID.randomUUID().toString().substring(0, 8));
    }

    private static void build(Path target, Body body, Body publish) throws IOException {
        NewFolders parents =
                NewFolders.create(Objects.requireNonNull(target.toAbsolutePath().getParent(), "a file has a folder"));
        Path unfinished = unfinished(target);
        // An interrupt ends the virtual machine without unwinding the stack.
        Thread cleaner = Thread.ofPlatform().unstarted(() -> {
            deleteQuietly(unfinished);
            parents.removeEmpty();
        });
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            body.write(unfinished);
            publish.write(unfinished);
        } catch (IOException e) {
            throw NamedFailure.of(target, e);
        } finally {
            deleteQuietly(unfinished);
            parents.removeEmpty();
            removeHook(cleaner);
        }
    }

    private static void removeHook(Thread cleaner) {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException _) {
            // The virtual machine is going down, and the hook is running.
        }
    }

    private static void deleteQuietly(Path path) {
        try {
            FolderDeletion.delete(path);
        } catch (IOException _) {
            // What stays is hidden and says by its name whose it is.
        }
    }

    private static void refuseLink(Path path) {
        if (Files.isSymbolicLink(path)) {
            throw refused(path, "inference.output.link");
        }
    }

    private static OutputException exists(Path path) {
        return new OutputException(Problem.of(ProblemCode.OUTPUT_REFUSED, Place.of(path), "inference.output.exists")
                .with(Remedy.change(Remedy.Field.OVERWRITE)));
    }

    private static OutputException refused(Path path, String key) {
        return new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(path), key);
    }
}
