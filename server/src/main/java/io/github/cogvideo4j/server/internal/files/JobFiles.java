package io.github.cogvideo4j.server.internal.files;

import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.JobFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The files of jobs. Each attempt at a job has a folder of its own, `videos/.ID-ATTEMPT` while it is being worked on
/// and `videos/ID-ATTEMPT` once all its files are whole, so that two workers never write to the same one. Only this
/// user can read them.
///
/// A folder belongs to a row or is swept: nothing here is known only from the disk.
public final class JobFiles {
    /// The name of an upload.
    public static final Pattern UPLOAD = Pattern.compile("[0-9a-f]{32}\\.part");

    private static final String UNFINISHED = ".";
    private static final String PREVIEW = FileKind.VIDEO.fileName() + ".step-";
    private static final int MOST_HASHES = 4_096;

    private final Path videos;
    private final Path uploads;
    /// Files are replaced by whole ones only, so their hashes are computed once.
    private final Map<Path, Hashed> hashes = new ConcurrentHashMap<>();

    private record Hashed(long size, Instant modified, String sha256) {}

    /// Files in a folder, which is made where there is none.
    public JobFiles(Path data) throws IOException {
        this.videos = data.resolve("videos");
        this.uploads = data.resolve("uploads");
        for (Path folder : List.of(data, videos, uploads)) {
            makePrivate(folder);
        }
    }

    private static void makePrivate(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder, ownerOnly(folder));
        }
    }

    private static FileAttribute<?>[] ownerOnly(Path folder) {
        return folder.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }

    /// The folder of uploads.
    public Path uploads() {
        return uploads;
    }

    /// What is free on the disk.
    public long freeBytes() {
        try {
            FileStore disk = Files.getFileStore(videos);
            return disk.getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(String id, int attempt) {
        return id + "-" + attempt;
    }

    /// The folder of an attempt that is being worked on.
    public Path unfinished(String id, int attempt) {
        return videos.resolve(UNFINISHED + name(id, attempt));
    }

    /// Makes the folder of an attempt, empty, and deletes what earlier attempts left.
    public Path begin(String id, int attempt) throws IOException {
        for (int earlier = 1; earlier <= attempt; earlier++) {
            delete(id, earlier);
        }
        Path folder = unfinished(id, attempt);
        Files.createDirectory(folder, ownerOnly(folder));
        return folder;
    }

    /// Puts an attempt's files on the disk and into their place.
    ///
    /// @return the size of all of them
    public long publish(String id, int attempt) throws IOException {
        Path folder = unfinished(id, attempt);
        long bytes = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (String.valueOf(file.getFileName()).startsWith(PREVIEW)) {
                    Files.delete(file); // the video shows more
                    continue;
                }
                bytes += Files.size(file);
                sync(file);
            }
        }
        sync(folder);
        Files.move(folder, finished(id, attempt), StandardCopyOption.ATOMIC_MOVE);
        sync(videos);
        return bytes;
    }

    /// Sees to it that uploads are on the disk.
    ///
    /// @throws NoSuchFileException when one is not there
    public void syncUploads(Iterable<String> names) throws IOException {
        boolean any = false;
        for (String name : names) {
            Path file = uploads.resolve(name);
            if (!UPLOAD.matcher(name).matches() || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new NoSuchFileException(name);
            }
            sync(file);
            any = true;
        }
        if (any) {
            sync(uploads);
        }
    }

    private static void sync(Path path) throws IOException {
        // A folder cannot be opened for writing, and a file need not be.
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /// Makes an upload of a file: a link where the disk can, else a copy.
    public void reuse(Path file, String upload) throws IOException {
        try {
            Files.createLink(uploads.resolve(upload), file);
        } catch (UnsupportedOperationException _) {
            Files.copy(file, uploads.resolve(upload));
        }
    }

    /// A file of a finished attempt.
    ///
    /// @throws NoSuchFileException when it is not there
    public JobFile file(String id, int attempt, FileKind kind) throws IOException {
        return file(finished(id, attempt).resolve(kind.fileName()), kind);
    }

    /// The folder of a finished attempt.
    Path finished(String id, int attempt) {
        return videos.resolve(name(id, attempt));
    }

    /// A name for what is being made for a finished attempt; what a kill leaves there goes with the uploads that no
    /// job names.
    Path inTheMaking(FileKind kind) {
        return uploads.resolve(UUID.randomUUID() + "-" + kind.fileName());
    }

    /// Puts a file that was made for a finished attempt beside its video, on the disk and at once.
    ///
    /// @return the size of all files of the attempt
    /// @throws NoSuchFileException when the attempt's files were deleted meanwhile
    long adopt(Path made, String id, int attempt, FileKind kind) throws IOException {
        sync(made);
        Path folder = finished(id, attempt);
        Files.move(
                made,
                folder.resolve(kind.fileName()),
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.ATOMIC_MOVE);
        sync(folder);
        long bytes = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }

    /// A preview of an attempt that runs.
    ///
    /// @throws NoSuchFileException when it is not there
    public JobFile preview(String id, int attempt, OptionalInt step) throws IOException {
        if (step.isEmpty()) {
            throw new NoSuchFileException(FileKind.PREVIEW.fileName());
        }
        String name = PREVIEW + "%03d.png".formatted(step.getAsInt());
        return file(unfinished(id, attempt).resolve(name), FileKind.PREVIEW);
    }

    private JobFile file(Path path, FileKind kind) throws IOException {
        long size = Files.size(path);
        Instant modified = Files.getLastModifiedTime(path).toInstant();
        Hashed known = hashes.get(path);
        if (known == null || known.size() != size || !known.modified().equals(modified)) {
            known = new Hashed(size, modified, sha256(path));
            if (hashes.size() >= MOST_HASHES) {
                hashes.clear();
            }
            hashes.put(path, known);
        }
        return new JobFile(path, kind, size, known.sha256(), modified);
    }

    private static String sha256(Path path) throws IOException {
        try (var stream = Files.newInputStream(path)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] bytes = new byte[1 << 16];
            for (int count = stream.read(bytes); count > 0; count = stream.read(bytes)) {
                digest.update(bytes, 0, count);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /// Whether a finished attempt has its video.
    public boolean isComplete(String id, int attempt) {
        return Files.isRegularFile(finished(id, attempt).resolve(FileKind.VIDEO.fileName()));
    }

    /// Deletes the files of an attempt, finished or not. Those of a finished one lose their place all at once, so that
    /// no server puts another beside them meanwhile.
    public void delete(String id, int attempt) throws IOException {
        Path unfinished = unfinished(id, attempt);
        delete(unfinished);
        Path finished = finished(id, attempt);
        if (Files.isDirectory(finished, LinkOption.NOFOLLOW_LINKS)) {
            try {
                Files.move(finished, unfinished, StandardCopyOption.ATOMIC_MOVE);
            } catch (NoSuchFileException _) {
                // another server was faster
            }
            delete(unfinished);
        }
        hashes.keySet().removeIf(path -> path.startsWith(finished) || path.startsWith(unfinished));
    }

    /// Deletes an upload.
    public void deleteUpload(String name) throws IOException {
        if (UPLOAD.matcher(name).matches()) {
            Files.deleteIfExists(uploads.resolve(name));
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    /// The folders of attempts that are there, finished or not.
    public List<String> attempts() throws IOException {
        try (Stream<Path> folders = Files.list(videos)) {
            return folders.map(folder -> String.valueOf(folder.getFileName())).toList();
        }
    }

    /// Deletes folders of attempts that belong to no row.
    ///
    /// @param there what [#attempts()] said
    /// @param kept  the attempts of rows, looked up after that
    /// @return how many were deleted
    public int sweep(List<String> there, Set<String> kept) throws IOException {
        int deleted = 0;
        for (String name : there) {
            String attempt = name.startsWith(UNFINISHED) ? name.substring(1) : name;
            if (!kept.contains(attempt)) {
                delete(videos.resolve(name));
                deleted++;
            }
        }
        return deleted;
    }

    /// Deletes uploads that no job names and that are old enough not to be on their way to one.
    ///
    /// @param used   the uploads that jobs name
    /// @param before how old they are
    public void sweepUploads(Set<String> used, Instant before) throws IOException {
        try (Stream<Path> files = Files.list(uploads)) {
            for (Path file : files.toList()) {
                String name = String.valueOf(file.getFileName());
                if (!used.contains(name)
                        && Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
