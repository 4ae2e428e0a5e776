package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.ExternalClusterManager;

/// What a batch tells Spark, and what Spark needs.
final class SparkSettings {
    /// What differs from Spark's defaults, with the reason.
    private static final Map<String, String> SETTINGS = Map.ofEntries(
            // A row after the other, and a process that stays where it is: there is no data to be near to.
            Map.entry("spark.locality.wait", "0s"),
            Map.entry("spark.scheduler.minRegisteredResourcesRatio", "0"),
            // A slow video is a long video; a copy would waste a device.
            Map.entry("spark.speculation", "false"),
            // Our own count is four; what a process refuses because of its weights is not the row's.
            Map.entry("spark.task.maxFailures", "100"),
            // A device that fails is not to eat all rows: two failures exclude its executor for the rest of the job.
            // It is not its machine, where the others go on. A row may fail twice on one executor, so that it comes to
            // its fourth try where there are two of them.
            Map.entry("spark.excludeOnFailure.enabled", "true"),
            Map.entry("spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor", "2"),
            Map.entry("spark.excludeOnFailure.task.maxTaskAttemptsPerNode", "99"),
            Map.entry("spark.excludeOnFailure.stage.maxFailedExecutorsPerNode", "1000"),
            // An idle process that ends has to load the model again.
            Map.entry("spark.dynamicAllocation.enabled", "false"),
            Map.entry("spark.network.timeout", "600s"),
            Map.entry("spark.task.reaper.enabled", "true"),
            Map.entry("spark.task.reaper.killTimeout", "300s"));

    /// The masters that Spark itself knows; for others there are jars of their own.
    private static final List<String> KNOWN = List.of("local", "spark://");

    /// Older releases move objects that native code holds (JDK-8377811).
    private static final Runtime.Version OLDEST = Runtime.Version.parse("25.0.3");

    private SparkSettings() {}

    /// The settings of a batch: those of `spark-submit`, the request's, and ours where these say nothing.
    ///
    /// @throws MissingCapabilityException `native-library` when Spark's jars are not enough for the master
    static SparkConf of(Cluster cluster, String name) {
        SparkConf conf = new SparkConf();
        if (!conf.contains("spark.master")) {
            // One process owns one device, so it makes one row at a time; a local master that is not told so never
            // tries a row again.
            conf.setMaster(cluster.master().equals(Cluster.EMBEDDED) ? "local[1,2]" : cluster.master());
        }
        requireMaster(conf.get("spark.master"));
        conf.setIfMissing("spark.app.name", "cogvideo batch " + name);
        cluster.settings().forEach(conf::set);
        boolean local = conf.get("spark.master").startsWith("local");
        if (local) {
            conf.setIfMissing("spark.excludeOnFailure.enabled", "false"); // there is nowhere else
        }
        SETTINGS.forEach(conf::setIfMissing);
        // What is on our class path goes before Spark's jars: its annotations of Jackson are older than ours.
        Optional.ofNullable(System.getProperty(Cluster.CLASS_PATH)).ifPresent(path -> {
            conf.setIfMissing("spark.executor.extraClassPath", path);
            conf.setIfMissing("spark.executor.extraJavaOptions", Cluster.executorOptions(true));
        });
        conf.setIfMissing("spark.ui.enabled", local ? "false" : "true");
        if (!local && conf.contains("spark.executor.cores")) {
            // One row at a time in each process: it owns the device.
            conf.setIfMissing("spark.task.cpus", conf.get("spark.executor.cores"));
        }
        return conf;
    }

    private static void requireMaster(String master) {
        boolean known = KNOWN.stream().anyMatch(master::startsWith)
                || ServiceLoader.load(ExternalClusterManager.class).stream()
                        .anyMatch(manager -> manager.get().canCreate(master));
        if (!known) {
            throw new MissingCapabilityException(
                    ProblemCode.NATIVE_LIBRARY, Place.nowhere(), "cluster.spark.master", master);
        }
    }

    /// What is to be said of the Java that the batch runs on; nothing of one that Spark supports.
    static Optional<Problem> warning(Runtime.Version version) {
        return version.compareToIgnoreOptional(OLDEST) >= 0
                ? Optional.empty()
                : Optional.of(Problem.of(
                        ProblemCode.ASSUMED,
                        Place.nowhere(),
                        "cluster.spark.java",
                        version.toString(),
                        OLDEST.toString()));
    }
}
