package io.github.cogvideo4j.checkpoints.internal.staging;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The lock file that says whose a staging folder is and whether its process still runs.
///
/// The operating system drops the lock when the process ends, however it ends, so a lock file that can be
/// locked is a leftover, and the folders that share its identifier are ours to clear.
final class StagingLock implements AutoCloseable {
    private static final Pattern IDENTIFIER = Pattern.compile("[0-9a-f]{12}");

    private final Path file;
    private final FileChannel channel;

    private StagingLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    static StagingLock acquire(Path target, String id) throws IOException {
        Path file = target.resolveSibling(prefix(target) + id + ".lock");
        FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        if (channel.tryLock() == null) {
            channel.close();
            throw new IOException("cannot lock " + file);
        }
        return new StagingLock(file, channel);
    }

    /// The folder that is being built.
    Path stagingFolder() {
        return stripLockSuffix(file, "");
    }

    /// Where the replaced folder waits between the two renames.
    Path replacedFolder() {
        return stripLockSuffix(file, ".old");
    }

    /// Clears what interrupted runs left beside a target. A replaced folder whose successor never arrived is
    /// put back.
    static void clearStale(Path target) throws IOException {
        Path parent = Objects.requireNonNull(target.getParent(), "a target has a parent");
        Pattern name = Pattern.compile(Pattern.quote(prefix(target)) + "(" + IDENTIFIER.pattern() + ")\\.lock");
        try (DirectoryStream<Path> siblings = Files.newDirectoryStream(parent)) {
            for (Path sibling : siblings) {
                Matcher matcher = name.matcher(fileName(sibling));
                if (matcher.matches() && Files.isRegularFile(sibling, LinkOption.NOFOLLOW_LINKS)) {
                    clear(target, sibling);
                }
            }
        }
    }

    private static void clear(Path target, Path lockFile) throws IOException {
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = tryLock(channel)) {
            if (lock == null) {
                return; // Another process is at work there.
            }
            Path replaced = stripLockSuffix(lockFile, ".old");
            if (Files.isDirectory(replaced, LinkOption.NOFOLLOW_LINKS)
                    && !Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(replaced, target, StandardCopyOption.ATOMIC_MOVE);
            }
            FolderDeletion.delete(replaced);
            FolderDeletion.delete(stripLockSuffix(lockFile, ""));
            Files.deleteIfExists(lockFile);
        }
    }

    private static @org.jspecify.annotations.Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException _) {
            return null; // Held by another conversion in this very process.
        }
    }

    /// Lets go of the lock and leaves the file, so that the next run clears what it stands for.
    void abandon() throws IOException {
        channel.close();
    }

    private static String prefix(Path target) {
        return "." + fileName(target) + ".cogvideo4j-";
    }

    private static Path stripLockSuffix(Path lockFile, String replacement) {
        String name = fileName(lockFile);
        return lockFile.resolveSibling(name.substring(0, name.length() - ".lock".length()) + replacement);
    }

    private static String fileName(Path path) {
        return Objects.requireNonNull(path.getFileName(), "a path with a name").toString();
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
        channel.close();
    }
}
