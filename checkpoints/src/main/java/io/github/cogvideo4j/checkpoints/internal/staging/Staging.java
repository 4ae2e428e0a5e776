package io.github.cogvideo4j.checkpoints.internal.staging;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;

/// A folder that is built out of sight and put in place in one step, so that at every instant the target is absent,
/// the old one, or complete.
///
/// Beside the target `NAME` lie, while it is built, `.NAME.cogvideo4j-ID` (the new folder, mode 0700),
/// `.NAME.cogvideo4j-ID.lock` (held by the running process, so that a stale one is recognised as such), and for
/// a moment `.NAME.cogvideo4j-ID.old` (what is being replaced). Whatever a kill leaves of them, the next
/// [#create] beside the same target clears or puts back.
public final class Staging implements AutoCloseable {
    private final Path target;
    private final boolean overwrite;
    private final StagingLock lock;
    private final Path folder;
    private final NewFolders parents;
    private final Thread cleaner = Thread.ofPlatform().unstarted(this::discardQuietly);
    private boolean published;

    private Staging(Path target, boolean overwrite, StagingLock lock, Path folder, NewFolders parents) {
        this.target = target;
        this.overwrite = overwrite;
        this.lock = lock;
        this.folder = folder;
        this.parents = parents;
    }

    /// Clears what an interrupted run left, checks that the target may be written, and makes the folder.
    ///
    /// @param output    the target; its parent folders are made when absent
    /// @param overwrite whether a folder that this program wrote may be replaced
    /// @throws OutputException when something else is there, or it is a link
    public static Staging create(Path output, boolean overwrite) throws IOException {
        Path target = output.toAbsolutePath().normalize();
        Path parent =
                Optional.ofNullable(target.getParent()).orElseThrow(() -> refused(target, "checkpoints.output.root"));
        NewFolders parents = NewFolders.create(parent);
        try {
            return create(target, overwrite, parents);
        } catch (IOException | RuntimeException e) {
            parents.removeEmpty();
            throw e;
        }
    }

    private static Staging create(Path target, boolean overwrite, NewFolders parents) throws IOException {
        StagingLock.clearStale(target);
        checkTarget(target, overwrite);

        byte[] id = new byte[6];
        new SecureRandom().nextBytes(id);
        StagingLock lock = StagingLock.acquire(target, HexFormat.of().formatHex(id));
        Path folder = lock.stagingFolder();
        try {
            createPrivate(folder);
        } catch (IOException e) {
            lock.close();
            throw e;
        }
        Staging staging = new Staging(target, overwrite, lock, folder, parents);
        Runtime.getRuntime().addShutdownHook(staging.cleaner);
        return staging;
    }

    /// Whether the target may be written: absent, an empty folder, or, with `overwrite`, a folder that holds
    /// our manifest; never the current folder or one above it.
    public static void checkTarget(Path target, boolean overwrite) throws IOException {
        if (Files.isSymbolicLink(target)) {
            throw refused(target, "checkpoints.output.link");
        }
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            throw refused(target, "checkpoints.output.file");
        }
        // Publishing puts a new folder in its place: a shell whose current folder is the old one would be left
        // in a deleted folder.
        if (Path.of("").toRealPath().startsWith(target.toRealPath())) {
            throw refused(target, "checkpoints.output.current");
        }
        try (var children = Files.list(target)) {
            if (children.findAny().isEmpty()) {
                return;
            }
        }
        boolean ours = Files.isRegularFile(target.resolve(Manifest.FILE_NAME), LinkOption.NOFOLLOW_LINKS);
        if (!ours) {
            throw refused(target, "checkpoints.output.foreign");
        }
        if (!overwrite) {
            throw new OutputException(
                    Problem.of(ProblemCode.OUTPUT_REFUSED, Place.of(target), "checkpoints.output.exists")
                            .with(Remedy.change(Remedy.Field.OVERWRITE)));
        }
    }

    /// The folder to fill.
    public Path folder() {
        return folder;
    }

    /// Syncs every file and folder to the disk and moves the folder to the target's name. Where another process
    /// has put something there since, it stays: a folder takes the place of an empty one only, in one step of
    /// the operating system.
    ///
    /// @throws OutputException `output-refused` when something is there now that may not be replaced
    public void publish() throws IOException {
        FolderSync.sync(folder);
        applyUmask();
        Path old = lock.replacedFolder();
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            checkTarget(target, overwrite);
            if (overwrite) {
                Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
            }
        }
        try {
            if (!overwrite) {
                // Some systems move no folder onto an empty one. What is not empty cannot be deleted so.
                Files.deleteIfExists(target);
            }
            Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (Files.exists(old, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
            }
            checkTarget(target, overwrite);
            throw e;
        }
        published = true;
        Path parent = target.getParent();
        if (parent != null) {
            FolderSync.syncFolder(parent);
        }
    }

    /// Removes the folder unless it was published, and then the one it replaced. What cannot be removed is
    /// left to the next run, with the lock file by which it is known.
    @Override
    public void close() throws IOException {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException _) {
            return; // The virtual machine is going down: the hook does it.
        }
        if (published) {
            discardQuietly(); // The result is in place; a leftover beside it is no failure.
        } else {
            discard();
        }
    }

    private void discard() throws IOException {
        try {
            FolderDeletion.delete(published ? lock.replacedFolder() : folder);
        } catch (IOException e) {
            lock.abandon();
            throw e;
        }
        lock.close();
        if (!published) {
            parents.removeEmpty();
        }
    }

    private void discardQuietly() {
        try {
            discard();
        } catch (IOException _) {
            // What stays is recognised and cleared by the next run.
        }
    }

    private static void createPrivate(Path folder) throws IOException {
        if (supportsPosix(folder)) {
            Files.createDirectory(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectory(folder);
        }
    }

    /// The staging folder is private; the published one has the permissions of any folder that the user makes,
    /// which a probe made inside it shows.
    private void applyUmask() throws IOException {
        if (supportsPosix(folder)) {
            Path probe = Files.createDirectory(folder.resolve(".cogvideo4j-umask"));
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(probe);
            Files.delete(probe);
            Files.setPosixFilePermissions(folder, permissions);
        }
    }

    private static boolean supportsPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix")
                && Files.getFileAttributeView(path, PosixFileAttributeView.class) != null;
    }

    private static OutputException refused(Path target, String key) {
        return new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(target), key);
    }
}
