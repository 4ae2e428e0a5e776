package io.github.cogvideo4j.formats.tensor;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Files that are being read, with a limit on how many are open at once: a checkpoint may have thousands, and a
/// process may open a thousand. The one that has not been used for longest is closed for another. Safe to use from
/// several threads.
///
/// A file is in use for one read only, and a thread reads one file at a time. So a thread that waits for a file
/// to be closed holds none, and waits for others' reads only.
final class OpenFiles implements AutoCloseable {
    private final int most;
    private final Opener opener;
    // The least recently used one first.
    private final Map<Path, OpenFile> open = new LinkedHashMap<>(16, 0.75f, true);
    // What was first opened under a path is what has to be there the next time.
    private final Map<Path, FileIdentity> identities = new HashMap<>();

    OpenFiles(int most) {
        this(most, RegularFile::open);
    }

    OpenFiles(int most, Opener opener) {
        this.most = most;
        this.opener = opener;
    }

    /// How a file is opened for reading. A test passes its own to see which channels are open.
    @FunctionalInterface
    interface Opener {
        FileChannel open(Path path) throws IOException;
    }

    /// Fills the buffer's remaining space from a position of a file.
    ///
    /// @throws MalformedFileException `source-changed` when the file ends before, or is another than the last
    ///     time
    void readFully(Path path, long position, ByteBuffer target) throws IOException {
        OpenFile file;
        try {
            file = acquire(path);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
        try {
            file.readFully(position, target);
        } finally {
            release(file);
        }
    }

    private synchronized OpenFile acquire(Path path) throws IOException, InterruptedException {
        OpenFile file = open.get(path);
        while (file == null) {
            if (open.size() < most || closeUnused()) {
                file = open(path);
                open.put(path, file);
            } else {
                wait();
                file = open.get(path);
            }
        }
        file.users++;
        return file;
    }

    private synchronized void release(OpenFile file) {
        file.users--;
        if (file.users == 0) {
            notifyAll();
        }
    }

    private boolean closeUnused() throws IOException {
        Optional<Map.Entry<Path, OpenFile>> unused = open.entrySet().stream()
                .filter(entry -> entry.getValue().users == 0)
                .findFirst();
        if (unused.isEmpty()) {
            return false;
        }
        OpenFile file = unused.get().getValue();
        open.remove(unused.get().getKey());
        file.close();
        return true;
    }

    private OpenFile open(Path path) throws IOException {
        OpenFile file = new OpenFile(path, opener.open(path));
        FileIdentity identity = FileIdentity.of(path);
        FileIdentity before = identities.putIfAbsent(path, identity);
        if (before != null && !before.equals(identity)) {
            file.close();
            throw new MalformedFileException(ProblemCode.SOURCE_CHANGED, Place.of(path), "formats.source.changed");
        }
        return file;
    }

    @Override
    public synchronized void close() throws IOException {
        List<IOException> failures = new ArrayList<>();
        for (OpenFile file : open.values()) {
            try {
                file.close();
            } catch (IOException e) {
                failures.add(e);
            }
        }
        open.clear();
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }
}
