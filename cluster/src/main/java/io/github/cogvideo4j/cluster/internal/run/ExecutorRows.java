package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest;
import io.github.cogvideo4j.cluster.internal.run.RowRunner.Chances;
import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.task.RowTask;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.pipeline.LoadedModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import tools.jackson.databind.node.ObjectNode;

/// The rows that an executor makes: one process owns one device and keeps its model open from task to task, and from
/// batch to batch.
final class ExecutorRows {
    private static Optional<Held> held = Optional.empty();
    /// The models of this process, which the batches of a session share.
    private static final LoadedModels MODELS = new LoadedModels();

    private static Optional<RowTask> lent = Optional.empty();
    private static Optional<Throwable> failure = Optional.empty();

    private ExecutorRows() {}

    /// What this process keeps.
    ///
    /// @param request what it is kept for
    private record Held(String request, ShippedModel shipped, String device, RowTask task, RowRunner runner) {
        static Held open(String text, ShippedModel shipped, String device) throws IOException {
            ObjectNode json = JsonFile.parseObject(text, Place.nowhere(), ProblemCode.REQUEST);
            Optional<Path> model = shipped.folder();
            if (model.isPresent() && json.get("defaults") instanceof ObjectNode defaults) {
                defaults.put("model", model.get().toString());
            }
            BatchRequest request = BatchRequest.read(json);
            BatchStore store = BatchRun.store(request);
            RowTask task = lent.orElseGet(() -> BatchRun.task(request, device, Optional.of(MODELS)));
            ManifestLog log = new ManifestLog(store, request.share().map(BatchRequest.Share::toString));
            return new Held(
                    text,
                    shipped,
                    device,
                    task,
                    new RowRunner(store, log, task, BatchRun.folder(request.task()), request.scratch(), true));
        }
    }

    /// What a task says of its row.
    ///
    /// @param line  its line of the manifest; nothing when memory was lacking and the row may be tried again
    /// @param loads how many models were opened for it
    record Result(String line, int loads) {}

    /// Makes a row.
    ///
    /// @param last whether a lack of memory is the row's result
    static synchronized Result make(
            String request, ShippedModel shipped, BatchWork work, boolean last, TaskContext context) {
        Cancellation cancellation = new Cancellation();
        JobControl control = new JobControl(
                _ -> {
                    // Native code does not see an interrupt; between pieces of work it is asked for.
                    if (context.isInterrupted()) {
                        cancellation.cancel();
                    }
                },
                cancellation);
        int tries = context.attemptNumber();
        // Where there is one process, what is wrong with it ends the batch.
        boolean alone = SparkEnv.get().conf().get("spark.master").startsWith("local");
        Chances chances = new Chances(!last && tries == 0, alone || tries < RowRunner.MOST_ATTEMPTS - 1);
        try {
            Held kept = held(request, shipped, device(context));
            int before = kept.task().loads();
            try {
                String line = kept.runner().run(work, chances, control).line();
                return new Result(line, kept.task().loads() - before);
            } catch (RuntimeException | OutOfMemoryError e) {
                if (!chances.memory() || !RowRunner.isMemory(e)) {
                    throw e;
                }
                return new Result("", kept.task().loads() - before);
            }
        } catch (IOException e) {
            failure = Optional.of(e);
            throw new UncheckedIOException(e);
        } catch (RuntimeException | OutOfMemoryError e) {
            failure = Optional.of(e);
            throw e;
        }
    }

    /// What was last thrown in this process: of an embedded Spark's batch it is the reason for its end, which Spark
    /// tells only in words.
    static synchronized Optional<Throwable> failure() {
        return failure;
    }

    /// Rows of an embedded Spark are made by what planned them, in whose process they are: its model is open already.
    static synchronized void lend(RowTask task) throws IOException {
        giveBack();
        lent = Optional.of(task);
    }

    /// Ends what [#lend(RowTask)] began.
    static synchronized void giveBack() throws IOException {
        release();
        lent = Optional.empty();
        failure = Optional.empty();
    }

    private static void release() throws IOException {
        if (held.isPresent()) {
            held.get().runner().close();
            if (lent.isEmpty()) {
                held.get().task().close();
            }
            held = Optional.empty();
        }
    }

    private static Held held(String request, ShippedModel shipped, String device) throws IOException {
        if (held.filter(kept -> kept.request().equals(request)
                        && kept.shipped().equals(shipped)
                        && kept.device().equals(device))
                .isEmpty()) {
            release();
            held = Optional.of(Held.open(request, shipped, device));
        }
        return held.orElseThrow();
    }

    /// The device that Spark gave to the task; empty where it gave none, and the request's counts.
    private static String device(TaskContext context) {
        ResourceInformation gpu = context.resourcesJMap().get("gpu");
        return gpu == null || gpu.addresses().length == 0 ? "" : "cuda:" + gpu.addresses()[0];
    }
}
