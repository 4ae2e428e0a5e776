package io.github.cogvideo4j.cluster.internal.store;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/// The names of files and folders as users give them: paths, and URIs of Hadoop's file systems. The classes of those
/// are there only where Spark's are.
public final class Places {
    private static final Pattern REMOTE = Pattern.compile("(?!file:)[a-z][a-z0-9+.-]+://.*");

    private Places() {}

    /// Whether a name is of a Hadoop file system, and not of a mounted one.
    public static boolean isRemote(String name) {
        return REMOTE.matcher(name).matches();
    }

    /// Whether Spark's classes, and Hadoop's and Parquet's with them, are in this process.
    public static boolean hasSpark() {
        return Places.class.getClassLoader().getResource("org/apache/spark/SparkContext.class") != null;
    }

    /// Says that Spark's classes are needed.
    ///
    /// @param name for what
    /// @throws MissingCapabilityException `native-library` where they are not there
    public static void requireSpark(String name) {
        if (!hasSpark()) {
            throw new MissingCapabilityException(
                    ProblemCode.NATIVE_LIBRARY, Place.nowhere(), "cluster.folder.spark", name);
        }
    }

    /// The path that a name is, also as a URI.
    ///
    /// @throws InvalidRequestException `request` when it is none
    public static Path path(String name) {
        try {
            return name.startsWith("file:/") ? Path.of(URI.create(name)) : Path.of(name);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "cluster.folder.uri", name, String.valueOf(e.getMessage()));
        }
    }

    /// The folder that has the name.
    ///
    /// @param settings settings of Spark, of which those that begin with `spark.hadoop.` are used
    public static BatchStore store(String name, Map<String, String> settings) throws IOException {
        if (!isRemote(name)) {
            return new LocalStore(path(name));
        }
        requireSpark(name);
        return new HadoopStore(name, settings);
    }

    /// Opens a file for reading.
    ///
    /// @param settings as of [#store]
    public static InputStream open(String name, Map<String, String> settings) throws IOException {
        if (!isRemote(name)) {
            return Files.newInputStream(path(name));
        }
        requireSpark(name);
        return HadoopFiles.open(name, settings);
    }
}
