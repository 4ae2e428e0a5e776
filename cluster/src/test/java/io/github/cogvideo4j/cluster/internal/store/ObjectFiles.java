package io.github.cogvideo4j.cluster.internal.store;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Abortable;
import org.apache.hadoop.fs.BufferedFSInputStream;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/// A file system as an object store is one: no folders, an object appears whole when its stream is closed, a condition
/// is decided then and not before, nothing is renamed or added to.
public final class ObjectFiles extends FileSystem {
    private static final Map<String, byte[]> OBJECTS = new ConcurrentSkipListMap<>();

    private URI uri = URI.create("objects://none");
    private Path working = new Path("/");

    static void clear() {
        OBJECTS.clear();
    }

    static Set<String> names() {
        return Set.copyOf(OBJECTS.keySet());
    }

    @Override
    public void initialize(URI name, Configuration configuration) throws IOException {
        super.initialize(name, configuration);
        setConf(configuration);
        uri = URI.create(name.getScheme() + "://" + name.getAuthority());
    }

    @Override
    public String getScheme() {
        return "objects";
    }

    @Override
    public URI getUri() {
        return uri;
    }

    @Override
    public boolean hasPathCapability(Path path, String capability) throws IOException {
        return capability.equals(CommonPathCapabilities.ABORTABLE_STREAM) || super.hasPathCapability(path, capability);
    }

    private static String key(Path path) {
        return path.toUri().getPath();
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        byte[] bytes =
                Optional.ofNullable(OBJECTS.get(key(path))).orElseThrow(() -> new FileNotFoundException(key(path)));
        return new FSDataInputStream(new BufferedFSInputStream(new Bytes(bytes), 512));
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        return new FSDataOutputStream(new Put(key(path), overwrite), null);
    }

    @Override
    public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
        throw new UnsupportedOperationException("append");
    }

    @Override
    public boolean rename(Path from, Path to) {
        throw new UnsupportedOperationException("rename");
    }

    @Override
    public boolean delete(Path path, boolean recursive) {
        return OBJECTS.remove(key(path)) != null;
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        String start = key(path) + "/";
        List<FileStatus> found = new ArrayList<>();
        Set<String> folders = new HashSet<>();
        for (String key : OBJECTS.keySet()) {
            if (key.startsWith(start)) {
                String rest = key.substring(start.length());
                int slash = rest.indexOf('/');
                if (slash < 0) {
                    found.add(getFileStatus(new Path(uri + key)));
                } else if (folders.add(rest.substring(0, slash))) {
                    found.add(new FileStatus(0, true, 1, 1, 0, new Path(uri + start + rest.substring(0, slash))));
                }
            }
        }
        if (found.isEmpty()) {
            throw new FileNotFoundException(start);
        }
        return found.toArray(FileStatus[]::new);
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        byte[] bytes = OBJECTS.get(key(path));
        if (bytes == null) {
            if (OBJECTS.keySet().stream().anyMatch(key -> key.startsWith(key(path) + "/"))) {
                return new FileStatus(0, true, 1, 1, 0, path);
            }
            throw new FileNotFoundException(key(path));
        }
        return new FileStatus(bytes.length, false, 1, 1, System.currentTimeMillis(), path);
    }

    @Override
    public void setWorkingDirectory(Path path) {
        working = path;
    }

    @Override
    public Path getWorkingDirectory() {
        return working;
    }

    @Override
    public boolean mkdirs(Path path, FsPermission permission) {
        return true;
    }

    private static final class Put extends ByteArrayOutputStream implements Abortable {
        private final String key;
        private final boolean overwrite;
        private boolean done;

        Put(String key, boolean overwrite) {
            this.key = key;
            this.overwrite = overwrite;
        }

        @Override
        public void close() throws IOException {
            if (done) {
                return;
            }
            done = true;
            if (overwrite) {
                OBJECTS.put(key, toByteArray());
            } else if (OBJECTS.putIfAbsent(key, toByteArray()) != null) {
                throw new FileAlreadyExistsException("412 Precondition Failed");
            }
        }

        @Override
        public AbortableResult abort() {
            done = true;
            return new AbortableResult() {
                @Override
                public boolean alreadyClosed() {
                    return false;
                }

                @Override
                public IOException anyCleanupException() {
                    return new IOException("none");
                }
            };
        }
    }

    private static final class Bytes extends FSInputStream {
        private final byte[] bytes;
        private int at;

        Bytes(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read() {
            return at < bytes.length ? bytes[at++] & 0xFF : -1;
        }

        @Override
        public void seek(long position) {
            at = Math.toIntExact(position);
        }

        @Override
        public long getPos() {
            return at;
        }

        @Override
        public boolean seekToNewSource(long target) {
            return false;
        }
    }
}
