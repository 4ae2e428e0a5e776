package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest;
import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import scala.reflect.ClassTag;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/// Rows on a cluster: one task each, in the order of the worklist. Spark schedules, retries, places and excludes; what
/// became of a row is said by its process in the folder, and told to this one.
final class SparkEngine implements BatchRun.RowEngine {
    private static final int COLLECT_SECONDS = 5;

    /// What differs from Spark's defaults, with the reason.
    private static final Map<String, String> SETTINGS = Map.ofEntries(
            // A row after the other, and a process that stays where it is: there is no data to be near to.
            Map.entry("spark.locality.wait", "0s"),
            Map.entry("spark.scheduler.minRegisteredResourcesRatio", "0"),
            // A slow video is a long video; a copy would waste a device.
            Map.entry("spark.speculation", "false"),
            Map.entry("spark.task.maxFailures", Integer.toString(RowRunner.MOST_ATTEMPTS)),
            // A device that fails is not to eat all rows.
            Map.entry("spark.excludeOnFailure.enabled", "true"),
            Map.entry("spark.excludeOnFailure.timeout", "1h"),
            // An idle process that ends has to load the model again.
            Map.entry("spark.dynamicAllocation.enabled", "false"),
            Map.entry("spark.network.timeout", "600s"),
            Map.entry("spark.task.reaper.enabled", "true"),
            Map.entry("spark.task.reaper.killTimeout", "300s"));

    /// libtorch's memory is not the heap's; what an executor logs is in Spark's log, not dropped as in the program.
    private static final String EXECUTOR_OPTIONS = "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"
            + " -Dorg.bytedeco.javacpp.maxBytes=0 -Dorg.bytedeco.javacpp.logger=slf4j"
            + " -Dslf4j.provider=org.apache.logging.slf4j.SLF4JServiceProvider --enable-native-access=ALL-UNNAMED";

    private final BatchRequest request;
    private final Cluster cluster;
    private final ManifestLog log;

    SparkEngine(BatchRequest request, Cluster cluster, ManifestLog log) {
        this.request = request;
        this.cluster = cluster;
        this.log = log;
    }

    private SparkConf conf() {
        SparkConf conf = new SparkConf();
        boolean submitted = conf.contains("spark.master");
        if (!submitted) {
            // Without a number of tries, a local master never tries again.
            conf.setMaster(
                    cluster.master().equals("local") ? "local[1," + RowRunner.MOST_ATTEMPTS + "]" : cluster.master());
        }
        conf.setIfMissing("spark.app.name", "cogvideo batch " + request.name());
        cluster.settings().forEach(conf::set);
        if (conf.get("spark.master").startsWith("local")) {
            conf.setIfMissing("spark.excludeOnFailure.enabled", "false"); // there is nowhere else
        }
        SETTINGS.forEach(conf::setIfMissing);
        // What is on our class path goes before Spark's jars: its annotations of Jackson are older than ours.
        Optional.ofNullable(System.getProperty(BatchRequest.Cluster.CLASS_PATH)).ifPresent(path -> {
            conf.setIfMissing("spark.executor.extraClassPath", path);
            conf.setIfMissing("spark.executor.extraJavaOptions", EXECUTOR_OPTIONS);
        });
        boolean local = conf.get("spark.master").startsWith("local");
        conf.setIfMissing("spark.ui.enabled", local ? "false" : "true");
        if (!local && conf.contains("spark.executor.cores")) {
            // One row at a time in each process: it owns the device.
            conf.setIfMissing("spark.task.cpus", conf.get("spark.executor.cores"));
        }
        return conf;
    }

    @Override
    public boolean make(List<BatchWork> works, Standings standings, JobControl control) throws IOException {
        if (works.isEmpty()) {
            return false;
        }
        try (JavaSparkContext spark = new JavaSparkContext(conf());
                ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().factory())) {
            Optional<String> shipped = ship(spark);
            Progress progress = new Progress(works, standings);
            spark.sc().addSparkListener(progress);
            var _ = timer.scheduleWithFixedDelay(
                    () -> watch(spark, standings, control), COLLECT_SECONDS, COLLECT_SECONDS, TimeUnit.SECONDS);
            try {
                run(spark, works, shipped, progress);
            } finally {
                timer.shutdownNow();
            }
        } catch (Exception e) {
            control.check();
            if (BatchRun.isTooMuch(request, standings)) {
                return true;
            }
            throw failure(e);
        }
        return BatchRun.isTooMuch(request, standings);
    }

    /// Copies the model to the executors as Spark copies files.
    private Optional<String> ship(JavaSparkContext spark) {
        if (!cluster.shipModel()) {
            return Optional.empty();
        }
        Path model = Path.of(request.defaults().path("model").asString(""));
        spark.sc().addFile(model.toAbsolutePath().toString(), true);
        return Optional.of(String.valueOf(model.getFileName()));
    }

    /// Adds what is done to the manifest, and stops when that is wanted.
    private void watch(JavaSparkContext spark, Standings standings, JobControl control) {
        try {
            log.collect();
        } catch (IOException _) {
            // What cannot be added now is added at the end, and there it is an error.
        }
        if (control.cancellation().requested() || BatchRun.isTooMuch(request, standings)) {
            spark.sc().cancelAllJobs();
        }
    }

    private void run(JavaSparkContext spark, List<BatchWork> works, Optional<String> shipped, Progress progress) {
        JavaRDD<BatchWork> rows = spark.parallelize(works, works.size());
        rows.setName("rows");
        spark.sc().setJobDescription("videos of " + request.name());
        spark.sc()
                .runJob(
                        rows.rdd(),
                        new RowTaskFunction(request.toJson().toString(), shipped.orElse("")),
                        scala.jdk.javaapi.CollectionConverters.asScala(java.util.stream.IntStream.range(0, works.size())
                                        .<Object>mapToObj(i -> i)
                                        .toList())
                                .toSeq(),
                        new AbstractFunction2<Object, String, BoxedUnit>() {
                            @Override
                            public BoxedUnit apply(Object partition, String line) {
                                progress.ended((Integer) partition, line);
                                return BoxedUnit.UNIT;
                            }
                        },
                        ClassTag.apply(String.class));
    }

    private static RuntimeException failure(Exception e) {
        if (e instanceof CancelledException cancelled) {
            return cancelled;
        }
        String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        MissingCapabilityException failure = new MissingCapabilityException(Problem.of(
                ProblemCode.DEVICE,
                Place.nowhere(),
                e instanceof SparkException ? "cluster.spark.failed" : "cluster.spark.start",
                first));
        failure.addSuppressed(e);
        return failure;
    }

    /// The making of one row, on an executor. Its value is what the manifest says.
    private static final class RowTaskFunction
            extends AbstractFunction2<TaskContext, scala.collection.Iterator<BatchWork>, String>
            implements java.io.Serializable {
        private static final long serialVersionUID = 1;
        private final String request;
        private final String shipped;

        RowTaskFunction(String request, String shipped) {
            this.request = request;
            this.shipped = shipped;
        }

        @Override
        public String apply(TaskContext context, scala.collection.Iterator<BatchWork> rows) {
            return ExecutorRows.make(request, shipped, rows.next(), context);
        }
    }

    /// What Spark tells of its tasks, as what the batch tells of its rows.
    private static final class Progress extends SparkListener {
        private final List<BatchWork> works;
        private final Standings standings;

        Progress(List<BatchWork> works, Standings standings) {
            this.works = works;
            this.standings = standings;
        }

        @Override
        public void onTaskStart(SparkListenerTaskStart start) {
            standings.begun(works.get(start.taskInfo().partitionId()));
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            if (!end.taskInfo().successful()) {
                standings.lost(works.get(end.taskInfo().partitionId()));
            }
        }

        void ended(int index, String line) {
            standings.ended(works.get(index), ManifestRow.read(line, Place.nowhere()));
        }
    }
}
