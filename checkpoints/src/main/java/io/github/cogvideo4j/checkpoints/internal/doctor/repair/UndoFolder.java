package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The folder in which a repair keeps what it replaced: `.cogvideo4j-undo/NUMBER/` with the journal, the files set
/// aside (`moved`), and, until they are in place, the files it made (`staged`).
///
/// @param root   the mended folder
/// @param number which repair of the folder it is
record UndoFolder(Path root, int number) {
    static final String NAME = ".cogvideo4j-undo";
    static final String MOVED = "moved";
    static final String STAGED = "staged";

    private static final Pattern NUMBER = Pattern.compile("\\d{1,6}");

    /// A new one, after clearing what interrupted preparations left.
    static UndoFolder create(Path root) throws IOException {
        Path parent = root.resolve(NAME);
        refuseLink(parent);
        Files.createDirectories(parent);
        int next = 1;
        for (UndoFolder old : all(root)) {
            next = Math.max(next, old.number() + 1);
        }
        UndoFolder folder = new UndoFolder(root, next);
        Files.createDirectory(folder.path());
        Files.createDirectory(folder.moved());
        Files.createDirectory(folder.staged());
        return folder;
    }

    /// Those that exist, the newest first.
    static List<UndoFolder> all(Path root) throws IOException {
        Path parent = root.resolve(NAME);
        List<UndoFolder> found = new ArrayList<>();
        if (!Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
            refuseLink(parent);
            return found;
        }
        try (DirectoryStream<Path> children = Files.newDirectoryStream(parent)) {
            for (Path child : children) {
                String name = String.valueOf(child.getFileName());
                if (NUMBER.matcher(name).matches()) {
                    refuseLink(child);
                    found.add(new UndoFolder(root, Integer.parseInt(name)));
                }
            }
        }
        found.sort(Comparator.comparingInt(UndoFolder::number).reversed());
        return found;
    }

    Path path() {
        return root.resolve(NAME).resolve(String.valueOf(number));
    }

    Path moved() {
        return path().resolve(MOVED);
    }

    Path staged() {
        return path().resolve(STAGED);
    }

    Path journal() {
        return path().resolve(Journal.FILE_NAME);
    }

    /// Its path relative to the mended folder, with `/` at the end.
    String prefix() {
        return NAME + "/" + number + "/";
    }

    /// Whether it has a journal: without one nothing was moved yet.
    boolean isPrepared() {
        return Files.exists(journal(), LinkOption.NOFOLLOW_LINKS);
    }

    /// Removes it, as far as it is empty. The files made by a repair that never began are removed too.
    void remove() throws IOException {
        if (!isPrepared()) {
            refuseLink(staged());
            FolderDeletion.delete(staged());
        }
        removeEmptyBelow(staged());
        deleteIfEmpty(moved());
        deleteIfEmpty(path());
        deleteIfEmpty(root.resolve(NAME));
    }

    private static void removeEmptyBelow(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> children;
        try (Stream<Path> list = Files.list(folder)) {
            children = list.toList();
        }
        for (Path child : children) {
            deleteIfEmpty(child);
        }
        deleteIfEmpty(folder);
    }

    private static void deleteIfEmpty(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> list = Files.list(folder)) {
            if (list.findAny().isPresent()) {
                return;
            }
        }
        Files.delete(folder);
    }

    private static void refuseLink(Path path) {
        if (Files.isSymbolicLink(path)) {
            throw new UnsafeFileException(ProblemCode.UNSAFE_PATH, Place.of(path), "checkpoints.undo.link");
        }
    }
}
