package io.github.cogvideo4j.cluster.internal.store;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.CreateFileOptionKeys;
import org.apache.hadoop.fs.Path;

/// A folder of a Hadoop file system.
///
/// Where a stream can be aborted (`s3a`), a file appears whole when its stream is closed and there is no rename that
/// were one: files are written under their own names, on condition that nothing has them. Elsewhere (`hdfs`) they are
/// written under a hidden name and renamed, which replaces nothing.
///
/// Nothing is ever added to a file: object stores cannot, and in HDFS a file that a killed process was adding to is
/// locked for a minute. What is added is a file of its own behind the first, and all are read as one until [#settle]
/// makes them one.
///
/// Source: Hadoop's specification of file systems (`filesystem.md`, `fsdataoutputstreambuilder.md`), and its
/// documentation of S3A.
final class HadoopStore implements BatchStore {
    private static final String ADDED = ".added/";
    private static final String BEFORE = ".before";
    private static final String LOG = ".jsonl";

    private final String place;
    private final FileSystem files;
    private final Path root;
    private final boolean appearsWhole;

    /// @param place    the URI of the folder, which is made when something is written
    /// @param settings settings of Spark, of which those for Hadoop are used
    HadoopStore(String place, Map<String, String> settings) throws IOException {
        this.place = place.replaceAll("/+$", "");
        this.files = HadoopFiles.of(place, settings);
        String folder = HadoopFiles.uri(this.place).getPath();
        this.root = files.makeQualified(new Path(folder.isEmpty() ? "/" : folder));
        this.appearsWhole = files.hasPathCapability(root, CommonPathCapabilities.ABORTABLE_STREAM);
        if (status(root).filter(FileStatus::isFile).isPresent()) {
            throw new OutputException(
                    ProblemCode.OUTPUT_REFUSED, Place.of(java.nio.file.Path.of(place)), "cluster.folder.file");
        }
    }

    @Override
    public String display() {
        return place;
    }

    @Override
    public Optional<java.nio.file.Path> folder() {
        return Optional.empty();
    }

    /// Names are ours or checked, but a colon in one would be read as the end of a scheme.
    Path path(String name) {
        String base = root.toUri().getPath();
        return new Path(
                root.toUri().getScheme(), root.toUri().getAuthority(), (base.endsWith("/") ? base : base + "/") + name);
    }

    private static String hidden(String name, String end) {
        int slash = name.lastIndexOf('/') + 1;
        return name.substring(0, slash) + "." + name.substring(slash) + end;
    }

    Optional<FileStatus> status(Path path) throws IOException {
        try {
            return Optional.of(files.getFileStatus(path));
        } catch (FileNotFoundException _) {
            return Optional.empty();
        }
    }

    @Override
    public boolean exists(String name) throws IOException {
        return status(path(name)).isPresent() || recovered(name);
    }

    /// A file is replaced in two steps; between them a process may have died.
    private boolean recovered(String name) throws IOException {
        return !appearsWhole
                && isLog(name)
                && files.exists(path(hidden(name, BEFORE)))
                && files.rename(path(hidden(name, BEFORE)), path(name));
    }

    @Override
    public List<String> list(String folder) throws IOException {
        Path path = folder.isEmpty() ? root : path(folder);
        try {
            // The list of a file is the file itself.
            return Arrays.stream(files.listStatus(path))
                    .filter(file -> (file.isFile() || folder.isEmpty())
                            && !file.getPath()
                                    .toUri()
                                    .getPath()
                                    .equals(path.toUri().getPath()))
                    .map(file -> file.getPath().getName())
                    .sorted()
                    .toList();
        } catch (FileNotFoundException _) {
            return List.of();
        }
    }

    @Override
    public InputStream open(String name) throws IOException {
        if (!isLog(name)) {
            return files.open(path(name));
        }
        List<InputStream> parts = new ArrayList<>();
        try {
            recovered(name);
            parts.add(files.open(path(name)));
            for (String part : list(ADDED + name)) {
                parts.add(files.open(path(ADDED + name + "/" + part)));
            }
            return new SequenceInputStream(Collections.enumeration(parts));
        } catch (IOException | RuntimeException e) {
            for (InputStream part : parts) {
                part.close();
            }
            throw e;
        }
    }

    /// Whether a file is one that grows.
    private static boolean isLog(String name) {
        return name.endsWith(LOG) && name.indexOf('/') < 0;
    }

    @Override
    public boolean publish(java.nio.file.Path local, String name) throws IOException {
        return write(name, false, stream -> Files.copy(local, stream));
    }

    @Override
    public void put(String name, byte[] bytes) throws IOException {
        write(name, true, stream -> stream.write(bytes));
    }

    @Override
    public boolean putNew(String name, byte[] bytes) throws IOException {
        return write(name, false, stream -> stream.write(bytes));
    }

    @Override
    public void replace(String name, Body body) throws IOException {
        List<String> parts = list(ADDED + name);
        write(name, true, body);
        for (String part : parts) {
            delete(ADDED + name + "/" + part);
        }
    }

    @Override
    public void append(String name, byte[] lines) throws IOException {
        if (lines.length == 0 || (!exists(name) && putNew(name, lines))) {
            return;
        }
        List<String> parts = list(ADDED + name);
        long number = parts.isEmpty() ? 0 : Long.parseLong(parts.getLast().replace(LOG, ""));
        do {
            number++;
        } while (!putNew(ADDED + name + "/%012d".formatted(number) + LOG, lines));
    }

    @Override
    public void settle(String name) throws IOException {
        if (!list(ADDED + name).isEmpty()) {
            replace(name, stream -> {
                try (InputStream all = open(name)) {
                    all.transferTo(stream);
                }
            });
        }
    }

    private boolean write(String name, boolean replacing, Body body) throws IOException {
        if (appearsWhole) {
            return written(path(name), replacing, body);
        }
        Path unfinished =
                path(hidden(name, "." + UUID.randomUUID().toString().substring(0, 8) + LocalStore.UNFINISHED));
        try {
            written(unfinished, false, body);
            return renamed(unfinished, name, replacing);
        } finally {
            files.delete(unfinished, false);
        }
    }

    private boolean renamed(Path unfinished, String name, boolean replacing) throws IOException {
        Path target = path(name);
        Path before = path(hidden(name, BEFORE));
        boolean moved = false;
        if (files.exists(target)) {
            if (!replacing) {
                return false;
            }
            files.delete(before, false);
            moved = files.rename(target, before);
        }
        boolean done = files.rename(unfinished, target);
        if (moved) {
            files.delete(before, false);
        }
        if (!done && (replacing || !files.exists(target))) {
            throw new IOException(unfinished + " cannot be renamed to " + target.getName());
        }
        return done;
    }

    /// Writes a file at once.
    ///
    /// @return whether it was; without `replacing`, a file that has the name stays as it is
    private boolean written(Path target, boolean replacing, Body body) throws IOException {
        FSDataOutputStreamBuilder<?, ?> builder =
                files.createFile(target).overwrite(replacing).recursive();
        if (!replacing) {
            builder.opt(CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE, true);
        }
        boolean whole = false;
        try {
            FSDataOutputStream stream = builder.build();
            try {
                body.write(stream);
                whole = true;
            } finally {
                if (!whole && appearsWhole) {
                    stream.abort(); // closing it would publish the half
                }
                stream.close();
            }
            return true;
        } catch (FileAlreadyExistsException _) {
            return false;
        } catch (IOException e) {
            // The condition is refused at the end, and each store has its own way to say so.
            if (whole && !replacing && appearsWhole && files.exists(target)) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void delete(String name) throws IOException {
        files.delete(path(name), false);
    }

    @Override
    public void retire(String name) throws IOException {
        delete(name + ".damaged");
        if (!files.rename(path(name), path(name + ".damaged"))) {
            throw new IOException(name + " cannot be renamed");
        }
    }

    @Override
    public Claim claim(String name) throws IOException {
        return HadoopClaim.of(this, name);
    }

    /// Replaces a small file without a moment in which nothing has its name.
    void overwrite(String name, byte[] bytes) throws IOException {
        written(path(name), true, stream -> stream.write(bytes));
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
