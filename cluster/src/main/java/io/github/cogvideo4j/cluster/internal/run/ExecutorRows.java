package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest;
import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.task.RowTask;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import tools.jackson.databind.node.ObjectNode;

/// The rows that an executor makes: one process owns one device and keeps its model open from task to task.
final class ExecutorRows {
    private static Optional<Held> held = Optional.empty();

    private ExecutorRows() {}

    /// What this process keeps.
    ///
    /// @param request what it is kept for
    private record Held(String request, String device, RowTask task, RowRunner runner) {
        static Held open(String text, String shipped, String device) throws IOException {
            ObjectNode json = JsonFile.parseObject(text, Place.nowhere(), ProblemCode.REQUEST);
            if (!shipped.isEmpty() && json.get("defaults") instanceof ObjectNode defaults) {
                defaults.put("model", SparkFiles.get(shipped));
            }
            BatchRequest request = BatchRequest.read(json);
            BatchStore store = BatchRun.store(request);
            RowTask task = BatchRun.task(request, device);
            ManifestLog log = new ManifestLog(store, request.share().map(BatchRequest.Share::toString));
            return new Held(
                    text,
                    device,
                    task,
                    new RowRunner(store, log, task, BatchRun.folder(request.task()), request.scratch(), true));
        }
    }

    /// Makes a row.
    ///
    /// @return its line of the manifest
    static synchronized String make(String request, String shipped, BatchWork work, TaskContext context) {
        Cancellation cancellation = new Cancellation();
        JobControl control = new JobControl(
                _ -> {
                    // Native code does not see an interrupt; between pieces of work it is asked for.
                    if (context.isInterrupted()) {
                        cancellation.cancel();
                    }
                },
                cancellation);
        try {
            RowRunner runner = runner(request, shipped, device(context));
            int tries = context.attemptNumber();
            return runner.run(work, tries > 0, tries >= RowRunner.MOST_ATTEMPTS - 1, control)
                    .line();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RowRunner runner(String request, String shipped, String device) throws IOException {
        if (held.filter(kept -> kept.request().equals(request) && kept.device().equals(device))
                .isEmpty()) {
            if (held.isPresent()) {
                held.get().runner().close();
                held.get().task().close();
                held = Optional.empty();
            }
            held = Optional.of(Held.open(request, shipped, device));
        }
        return held.orElseThrow().runner();
    }

    /// The device that Spark gave to the task; empty where it gave none, and the request's counts.
    private static String device(TaskContext context) {
        ResourceInformation gpu = context.resourcesJMap().get("gpu");
        return gpu == null || gpu.addresses().length == 0 ? "" : "cuda:" + gpu.addresses()[0];
    }
}
