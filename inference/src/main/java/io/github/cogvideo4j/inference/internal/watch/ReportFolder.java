package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.output.OutputFile;
import io.github.cogvideo4j.inference.watch.WatchReport;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// A report's folder, which one watch at a time has: `report.json`, which is what it remembers, `index.html`, and
/// `videos/CHECKPOINT/N.mp4` with their records.
///
/// It is had by a lock that the operating system holds on `.lock` and gives up when the process ends, however it
/// ends. Files appear under their names when they are whole.
final class ReportFolder implements AutoCloseable {
    static final String PAGE = "index.html";
    static final String VIDEOS = "videos";
    private static final String LOCK = ".lock";
    private static final String UNFINISHED = ".unfinished";
    private static final List<String> LEFT_OVERS =
            List.of("." + WatchReport.FILE_NAME + ".cogvideo4j-", "." + PAGE + ".cogvideo4j-");
    private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

    private final Path folder;
    private final FileChannel channel;

    private ReportFolder(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /// Refuses a folder that holds something else.
    ///
    /// @throws OutputException `output-refused`
    static void check(Path folder) throws IOException {
        if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(folder)) {
            throw refused(folder, "inference.watch.no-folder");
        }
        if (!Files.isDirectory(folder)
                || Files.isRegularFile(folder.resolve(WatchReport.FILE_NAME), LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> children = Files.list(folder)) {
            List<Path> others = children.filter(
                            child -> !String.valueOf(child.getFileName()).startsWith("."))
                    .toList();
            if (!others.isEmpty()) {
                throw refused(
                        folder, "inference.watch.foreign", others.getFirst().getFileName(), WatchReport.FILE_NAME);
            }
        }
    }

    /// Takes a folder, and makes it when it is not there.
    ///
    /// @throws OutputException `output-refused` when another watch has it
    static ReportFolder take(Path folder) throws IOException {
        check(folder);
        Files.createDirectories(folder);
        Path real = folder.toRealPath();
        // Closing any channel of a file gives up all of the process's locks on it.
        if (!OURS.add(real)) {
            throw refused(folder, "inference.watch.taken");
        }
        boolean taken = false;
        FileChannel channel = FileChannel.open(
                real.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        try {
            if (channel.tryLock() == null) {
                throw refused(folder, "inference.watch.taken");
            }
            clear(real);
            taken = true;
            return new ReportFolder(real, channel);
        } finally {
            if (!taken) {
                channel.close();
                OURS.remove(real);
            }
        }
    }

    /// Deletes what a watch that was killed had not finished.
    private static void clear(Path folder) throws IOException {
        FolderDeletion.delete(folder.resolve(UNFINISHED));
        try (Stream<Path> children = Files.list(folder)) {
            for (Path child : children.toList()) {
                String name = String.valueOf(child.getFileName());
                if (LEFT_OVERS.stream().anyMatch(name::startsWith)) {
                    Files.delete(child);
                }
            }
        }
    }

    /// What an earlier watch left.
    Optional<WatchReport> read() throws IOException {
        Path file = folder.resolve(WatchReport.FILE_NAME);
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                ? Optional.of(WatchReport.read(file))
                : Optional.empty();
    }

    /// Writes the report and its page: first what is remembered, so that a page never shows more.
    void write(WatchReport report) throws IOException {
        String json = JsonFile.format(report.json());
        String page = report.page();
        OutputFile.write(
                folder.resolve(WatchReport.FILE_NAME), true, unfinished -> Files.writeString(unfinished, json));
        OutputFile.write(folder.resolve(PAGE), true, unfinished -> Files.writeString(unfinished, page));
    }

    /// Where videos are made before they have their names.
    Path unfinished() {
        return folder.resolve(UNFINISHED);
    }

    /// Puts a finished file in its place.
    ///
    /// @param name its path from the folder, with `/`
    void put(Path file, String name) throws IOException {
        Path target = folder.resolve(name);
        Files.createDirectories(Objects.requireNonNull(target.getParent()));
        Files.move(file, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /// A file of the report.
    ///
    /// @param name its path from the folder, with `/`
    Path file(String name) {
        return folder.resolve(name);
    }

    @Override
    public void close() throws IOException {
        try {
            FolderDeletion.delete(folder.resolve(UNFINISHED));
        } finally {
            channel.close();
            OURS.remove(folder);
        }
    }

    private static OutputException refused(Path folder, String key, Object... arguments) {
        return new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(folder), key, arguments);
    }
}
