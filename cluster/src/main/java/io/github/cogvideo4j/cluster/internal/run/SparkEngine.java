package io.github.cogvideo4j.cluster.internal.run;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.cluster.BatchRequest;
import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.task.RowTask;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/// Rows on a cluster: one task each, in the order of the worklist. Spark schedules, retries, places and excludes; what
/// became of a row is said by its process in the folder, and told to this one.
final class SparkEngine implements BatchRun.RowEngine {
    private static final int COLLECT_SECONDS = 5;

    /// After so many jobs in which no row came to an end, the batch ends.
    private static final int MOST_JOBS = 2;

    private final BatchRequest request;
    private final Cluster cluster;
    private final ManifestLog log;
    private final RowTask task;

    SparkEngine(BatchRequest request, Cluster cluster, ManifestLog log, RowTask task) {
        this.task = task;
        this.request = request;
        this.cluster = cluster;
        this.log = log;
    }

    @Override
    public boolean make(List<BatchWork> works, Standings standings, JobControl control) throws IOException {
        if (works.isEmpty()) {
            return false;
        }
        SparkSettings.warning(Runtime.version()).ifPresent(control::notice);
        SparkConf conf = SparkSettings.of(cluster, request.name());
        SparkProgress progress = new SparkProgress(works, standings);
        try (Session session = Session.open(conf);
                ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().factory())) {
            JavaSparkContext spark = session.spark();
            if (session.isEmbedded()) {
                ExecutorRows.lend(task);
            }
            LongAccumulator loads = spark.sc().longAccumulator("models opened");
            RowTaskFunction function = new RowTaskFunction(request.toJson().toString(), ship(spark.sc()), loads);
            spark.sc().addSparkListener(progress);
            var _ = timer.scheduleWithFixedDelay(
                    () -> watch(spark, standings, control), COLLECT_SECONDS, COLLECT_SECONDS, SECONDS);
            try {
                JavaRDD<BatchWork> rows = spark.parallelize(works, works.size());
                rows.setName("rows");
                run(rows, request.task() + " " + request.name(), function, progress, standings, control);
                if (progress.again()) {
                    String name = "again after a lack of memory: " + request.name();
                    run(rows, name, function.lastTry(), progress, standings, control);
                }
            } finally {
                timer.shutdownNow();
                spark.sc().removeSparkListener(progress);
                standings.loaded(loads.value() + (session.isEmbedded() ? task.loads() : 0));
            }
        } catch (Exception e) {
            control.check();
            if (BatchRun.isTooMuch(request, standings)) {
                return true;
            }
            throw thrown(e, progress);
        } finally {
            ExecutorRows.giveBack();
        }
        return BatchRun.isTooMuch(request, standings);
    }

    /// Spark: started for this batch, or the one of a program that runs several, whose executors keep their models.
    private record Session(JavaSparkContext spark, boolean ours) implements AutoCloseable {
        static Session open(SparkConf conf) {
            boolean ours = Optional.ofNullable(SparkEnv.get()).isEmpty();
            return new Session(new JavaSparkContext(SparkContext.getOrCreate(conf)), ours);
        }

        /// Whether rows are made in this process, and by nobody else before or after.
        boolean isEmbedded() {
            return ours && spark.isLocal();
        }

        @Override
        public void close() {
            if (ours) {
                spark.close();
            }
        }
    }

    /// Copies the model of all rows to the executors.
    ///
    /// @return nothing where it lies there already
    private ShippedModel ship(SparkContext spark) throws IOException {
        if (!cluster.shipModel()) {
            return ShippedModel.NONE;
        }
        String name = request.defaults().path("model").asString("");
        return ShippedModel.of(
                ModelFolder.locate(name, Map.copyOf(System.getenv())).toRealPath(), spark);
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

    /// Runs what is left as the tasks of a job. Spark gives a job up when every executor is excluded from it. What they
    /// failed at may have passed, so another job takes what is left, unless no row came to an end in the last one.
    private void run(
            JavaRDD<BatchWork> rows,
            String name,
            RowTaskFunction function,
            SparkProgress progress,
            Standings standings,
            JobControl control) {
        int failed = 0;
        while (true) {
            int before = progress.left().size();
            try {
                job(rows, name, progress.left(), function, progress);
                return;
            } catch (Exception e) { // Spark's own is checked, and not declared
                control.check();
                failed = progress.left().size() < before ? 0 : failed + 1;
                if (failed == MOST_JOBS || rows.context().isLocal() || BatchRun.isTooMuch(request, standings)) {
                    throw e;
                }
            }
        }
    }

    private static void job(
            JavaRDD<BatchWork> rows,
            String name,
            List<Integer> partitions,
            RowTaskFunction function,
            SparkProgress progress) {
        SparkContext spark = rows.context();
        spark.setCallSite(name);
        spark.setJobDescription(name);
        spark.runJob(
                rows.rdd(),
                function,
                CollectionConverters.asScala(List.<Object>copyOf(partitions)).toSeq(),
                new AbstractFunction2<Object, String, BoxedUnit>() {
                    @Override
                    public BoxedUnit apply(Object number, String line) {
                        progress.ended(partitions.get((Integer) number), line);
                        return BoxedUnit.UNIT;
                    }
                },
                ClassTag.apply(String.class));
    }

    /// What ended the batch.
    private static RuntimeException thrown(Exception e, SparkProgress progress) throws IOException {
        if (e instanceof CancelledException cancelled) {
            return cancelled;
        }
        switch (ExecutorRows.failure().orElse(e)) {
            case IOException here -> throw here;
            case Error here -> throw here;
            case RuntimeException here when !ExecutorRows.failure().isEmpty() -> throw here;
            default -> {}
        }
        String first = progress.refusal()
                .orElse(String.valueOf(e.getMessage()))
                .lines()
                .findFirst()
                .orElse("");
        MissingCapabilityException failure = new MissingCapabilityException(Problem.of(
                ProblemCode.DEVICE,
                Place.nowhere(),
                e instanceof SparkException ? "cluster.spark.failed" : "cluster.spark.start",
                first));
        failure.addSuppressed(e);
        return failure;
    }

    /// The making of one row, on an executor. Its value is what the manifest says; nothing when memory was lacking and
    /// the row may be tried again.
    private static final class RowTaskFunction
            extends AbstractFunction2<TaskContext, scala.collection.Iterator<BatchWork>, String>
            implements java.io.Serializable {
        private static final long serialVersionUID = 1;
        private final String request;
        private final ShippedModel shipped;
        private final LongAccumulator loads;
        private boolean last;

        RowTaskFunction(String request, ShippedModel shipped, LongAccumulator loads) {
            this.request = request;
            this.shipped = shipped;
            this.loads = loads;
        }

        /// For rows that are not tried once more.
        RowTaskFunction lastTry() {
            RowTaskFunction function = new RowTaskFunction(request, shipped, loads);
            function.last = true;
            return function;
        }

        @Override
        public String apply(TaskContext context, scala.collection.Iterator<BatchWork> rows) {
            ExecutorRows.Result result = ExecutorRows.make(request, shipped, rows.next(), last, context);
            loads.add(result.loads());
            return result.line();
        }
    }
}
