package io.github.cogvideo4j.cluster.internal.store;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/// A folder of a file system that is mounted: a disk, NFS. Files are written under a hidden name beside their own,
/// and get it by a hard link, which replaces nothing; where a file system has no hard links, an empty file of ours
/// holds the name until the whole one is moved there.
public final class LocalStore implements BatchStore {
    /// What files are called that are not whole.
    static final String UNFINISHED = ".part";

    /// The claims of this process: closing any channel of a file gives up all locks that the process has on it.
    private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

    private final Path root;

    /// @param root the folder, which is made when something is written
    public LocalStore(Path root) {
        this.root = root;
        if (Files.exists(root) && !Files.isDirectory(root)) {
            throw new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(root), "cluster.folder.file");
        }
    }

    @Override
    public String display() {
        return root.toString();
    }

    @Override
    public Optional<Path> folder() {
        return Optional.of(root);
    }

    /// A folder in the folder that is a link leads to files of others, which would be replaced and deleted.
    private Path path(String name) {
        int slash = name.indexOf('/');
        Path folder = root.resolve(slash < 0 ? name : name.substring(0, slash));
        if (Files.isSymbolicLink(folder) && (slash >= 0 || Files.isDirectory(folder))) {
            throw new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(folder), "cluster.folder.link");
        }
        return root.resolve(name);
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(path(name), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public List<String> list(String folder) throws IOException {
        try (Stream<Path> files = Files.list(path(folder))) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        } catch (NoSuchFileException | NotDirectoryException _) {
            return List.of();
        }
    }

    @Override
    public InputStream open(String name) throws IOException {
        return Files.newInputStream(path(name), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public boolean publish(Path local, String name) throws IOException {
        return write(name, false, unfinished -> Files.copy(local, unfinished));
    }

    @Override
    public void put(String name, byte[] bytes) throws IOException {
        write(name, true, unfinished -> Files.write(unfinished, bytes, StandardOpenOption.CREATE_NEW));
    }

    @Override
    public boolean putNew(String name, byte[] bytes) throws IOException {
        return write(name, false, unfinished -> Files.write(unfinished, bytes, StandardOpenOption.CREATE_NEW));
    }

    @Override
    public void replace(String name, Body body) throws IOException {
        write(name, true, unfinished -> {
            try (OutputStream stream = new BufferedOutputStream(
                    Files.newOutputStream(unfinished, StandardOpenOption.CREATE_NEW), 1 << 16)) {
                body.write(stream);
            }
        });
    }

    @FunctionalInterface
    private interface FileBody {
        void write(Path unfinished) throws IOException;
    }

    private boolean write(String name, boolean replacing, FileBody body) throws IOException {
        Path target = path(name);
        Files.createDirectories(parent(target));
        Path unfinished = target.resolveSibling(
                "." + target.getFileName() + "." + UUID.randomUUID().toString().substring(0, 8) + UNFINISHED);
        try {
            body.write(unfinished);
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            if (replacing) {
                Files.move(unfinished, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
                return true;
            }
            return named(unfinished, target);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private static Path parent(Path target) {
        Path parent = target.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException(target.toString());
        }
        return parent;
    }

    private static boolean named(Path unfinished, Path target) throws IOException {
        try {
            Files.createLink(target, unfinished);
            return true;
        } catch (FileAlreadyExistsException _) {
            return false;
        } catch (UnsupportedOperationException | FileSystemException _) {
            try {
                Files.createFile(target);
            } catch (FileAlreadyExistsException _) {
                // An empty one holds the name for a process that died before it could move the whole one there.
                if (Files.size(target) > 0) {
                    return false;
                }
            }
            Files.move(unfinished, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            return true;
        }
    }

    @Override
    public void append(String name, byte[] lines) throws IOException {
        Path file = path(name);
        Files.createDirectories(parent(file));
        try (FileChannel channel = FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS)) {
            long end = wholeLines(channel);
            channel.truncate(end);
            ByteBuffer bytes = ByteBuffer.wrap(lines);
            while (bytes.hasRemaining()) {
                end += channel.write(bytes, end);
            }
            channel.force(true);
        }
    }

    @Override
    public void settle(String name) {
        // What is added is in the file.
    }

    /// The end of the last line that is whole.
    private static long wholeLines(FileChannel channel) throws IOException {
        long end = channel.size();
        ByteBuffer one = ByteBuffer.allocate(1);
        for (; end > 0; end--) {
            one.clear();
            channel.read(one, end - 1);
            if (one.get(0) == '\n') {
                return end;
            }
        }
        return 0;
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(path(name));
    }

    @Override
    public void retire(String name) throws IOException {
        Files.move(path(name), path(name + ".damaged"), StandardCopyOption.REPLACE_EXISTING);
    }

    /// The operating system's lock on a file: it ends with the process, however that ends, so a file that stayed
    /// behind claims nothing. What it holds tells people whose it is.
    @Override
    public Claim claim(String name) throws IOException {
        Files.createDirectories(root);
        Path file = root.toRealPath().resolve(name);
        if (!OURS.add(file)) {
            throw new OutputException(
                    ProblemCode.OUTPUT_REFUSED,
                    Place.of(root),
                    "cluster.folder.claimed",
                    ProcessHandle.current().pid(),
                    host());
        }
        boolean ours = false;
        FileChannel channel = open(file);
        try {
            ours = isLocked(channel);
            if (!ours) {
                throw claimed(file, channel);
            }
            ObjectNode owner = JsonFile.newObject();
            owner.put("host", host());
            owner.put("pid", ProcessHandle.current().pid());
            byte[] bytes = (owner + "\n").getBytes(StandardCharsets.UTF_8);
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(bytes), 0);
            channel.force(true);
            return () -> {
                channel.truncate(0);
                channel.close();
                OURS.remove(file);
            };
        } finally {
            if (!ours) {
                channel.close();
                OURS.remove(file);
            }
        }
    }

    private static FileChannel open(Path file) throws IOException {
        try {
            return FileChannel.open(
                    file,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS);
        } catch (IOException | RuntimeException e) {
            OURS.remove(file);
            throw e;
        }
    }

    private OutputException claimed(Path file, FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(1024);
        int length = Math.max(0, channel.read(bytes, 0));
        String owner = new String(bytes.array(), 0, length, StandardCharsets.UTF_8);
        try {
            ObjectNode json = JsonFile.parseObject(owner, Place.of(file), ProblemCode.OUTPUT_REFUSED);
            return new OutputException(
                    ProblemCode.OUTPUT_REFUSED,
                    Place.of(root),
                    "cluster.folder.claimed",
                    json.path("pid").asLong(0),
                    json.path("host").asString(""));
        } catch (RuntimeException _) { // its owner is about to write it
            return new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(root), "cluster.folder.claimed-by-some");
        }
    }

    private static boolean isLocked(FileChannel channel) {
        try {
            return channel.tryLock() != null;
        } catch (IOException _) {
            return true; // a file system without locks
        }
    }

    /// The name of this machine.
    public static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException _) {
            return "localhost";
        }
    }
}
