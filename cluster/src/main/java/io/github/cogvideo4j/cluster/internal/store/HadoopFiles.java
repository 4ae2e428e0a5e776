package io.github.cogvideo4j.cluster.internal.store;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.InputFile;
import org.apache.spark.SparkEnv;
import scala.Tuple2;

/// The file systems that Hadoop finds by the scheme of a URI: `hdfs`, `s3a`, and what a configuration adds. Their
/// classes are in Spark's folder. A configuration is `core-site.xml` on the class path, and what settings of Spark
/// begin with `spark.hadoop.`.
public final class HadoopFiles {
    private static final String PREFIX = "spark.hadoop.";

    /// What Hadoop reads and cannot fill, and what is a page rather than a folder.
    private static final Set<String> PAGES = Set.of("http", "https");

    private HadoopFiles() {}

    /// Opens the file system of a name.
    ///
    /// @param settings settings of Spark
    /// @throws InvalidRequestException    `request` for a scheme that is none
    /// @throws MissingCapabilityException `native-library` where the classes of it are not there
    static FileSystem of(String name, Map<String, String> settings) throws IOException {
        URI uri = uri(name);
        String scheme = uri.getScheme();
        if (PAGES.contains(scheme)) {
            throw new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), "cluster.folder.scheme", scheme);
        }
        try {
            return FileSystem.newInstance(uri, configuration(settings));
        } catch (UnsupportedFileSystemException _) {
            throw new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), "cluster.folder.scheme", scheme);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "cluster.folder.uri", name, first(e));
        } catch (RuntimeException | LinkageError e) {
            // The class of a file system is loaded by its name in the configuration.
            if (e instanceof LinkageError || e.getCause() instanceof ClassNotFoundException) {
                throw new MissingCapabilityException(
                        e, ProblemCode.NATIVE_LIBRARY, Place.nowhere(), "cluster.folder.jars", scheme, first(e));
            }
            throw e;
        }
    }

    private static String first(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /// Opens a file for reading.
    static InputStream open(String name, Map<String, String> settings) throws IOException {
        FileSystem files = of(name, settings);
        try {
            return new FilterInputStream(files.open(new Path(uri(name)))) {
                @Override
                public void close() throws IOException {
                    try (files) {
                        super.close();
                    }
                }
            };
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /// A Parquet file.
    public static InputFile parquet(String name, Map<String, String> settings) throws IOException {
        of(name, settings).close(); // refuses what is no file system
        return HadoopInputFile.fromPath(new Path(uri(name)), configuration(settings));
    }

    /// The URI of a name.
    static URI uri(String name) {
        try {
            return URI.create(name);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(
                    Problem.of(ProblemCode.REQUEST, Place.nowhere(), "cluster.folder.uri", name, first(e)));
        }
    }

    private static Configuration configuration(Map<String, String> settings) {
        Configuration configuration = new Configuration();
        SparkEnv running = SparkEnv.get();
        if (running == null) {
            System.getProperties()
                    .stringPropertyNames()
                    .forEach(name -> set(configuration, name, System.getProperty(name)));
        } else {
            for (Tuple2<String, String> setting : running.conf().getAll()) {
                set(configuration, setting._1(), setting._2());
            }
        }
        settings.forEach((name, value) -> set(configuration, name, value));
        return configuration;
    }

    private static void set(Configuration configuration, String name, String value) {
        if (name.startsWith(PREFIX)) {
            configuration.set(name.substring(PREFIX.length()), value);
        }
    }
}
