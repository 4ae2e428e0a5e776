package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchReport;
import io.github.cogvideo4j.cluster.BatchRequest;
import io.github.cogvideo4j.cluster.BatchRequest.Share;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.cluster.internal.run.BatchWork.RowName;
import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import io.github.cogvideo4j.cluster.internal.store.Places;
import io.github.cogvideo4j.cluster.internal.task.GenerateTask;
import io.github.cogvideo4j.cluster.internal.task.RowTask;
import io.github.cogvideo4j.cluster.internal.task.SourceTask;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.pipeline.LoadedModels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A batch from its rows to its manifest.
public final class BatchRun implements AutoCloseable {
    /// Seconds for 10^12 operations, before anything is measured: about 250 TFLOP/s of a data centre's card in bf16,
    /// and 60 GFLOP/s of a few cores.
    private static final double CARD = 1 / 250.0;

    private static final double PROCESSOR = 1000 / 60.0;

    /// How many rows of the manifest may lie apart until they are added to it.
    private static final int COLLECTED = 100;

    private final BatchRequest request;
    private final BatchStore store;
    private final ManifestLog log;
    private final RowTask task;
    private final Worklist list;

    private BatchRun(BatchRequest request, BatchStore store, ManifestLog log, RowTask task, Worklist list) {
        this.request = request;
        this.store = store;
        this.log = log;
        this.task = task;
        this.list = list;
    }

    /// Reads the rows, and what the folder holds of them. Nothing is written.
    public static BatchRun plan(BatchRequest request, JobControl control) throws IOException {
        BatchStore store = store(request);
        ManifestLog log = new ManifestLog(store, request.share().map(Share::toString));
        RowTask task = task(request, "", Optional.empty());
        try {
            Finished finished = Finished.read(log);
            return new BatchRun(request, store, log, task, Worklist.of(request, task, finished, control));
        } catch (RuntimeException | IOException e) {
            task.close();
            store.close();
            throw e;
        }
    }

    /// The place that the batch fills.
    static BatchStore store(BatchRequest request) throws IOException {
        if (request.task() == TaskKind.CONVERT && Places.isRemote(request.output())) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "cluster.folder.models", request.output());
        }
        return Places.store(request.output(), request.settings());
    }

    /// What makes the rows.
    ///
    /// @param device the device of this process; empty: the one that was asked for
    /// @param kept   models that stay open from batch to batch; empty: they are closed with what is returned
    public static RowTask task(BatchRequest request, String device, Optional<LoadedModels> kept) {
        return request.task() == TaskKind.GENERATE
                ? new GenerateTask(request.defaults(), device, request.threads(), kept)
                : new SourceTask(
                        request.task(),
                        request.defaults(),
                        Places.path(request.output()).resolve("models"));
    }

    /// The folder of the results, inside the batch's.
    public static String folder(TaskKind kind) {
        return kind == TaskKind.GENERATE ? "videos" : "reports";
    }

    /// How long a unit of work takes on a kind of device, before anything is measured.
    public static double usualSecondsPerWork(String device) {
        return device.startsWith("cuda") ? CARD : PROCESSOR;
    }

    /// What is left.
    public Worklist list() {
        return list;
    }

    /// Makes what is left, in this process.
    public BatchReport run(JobControl control) throws IOException {
        list.requireReadable();
        try (BatchStore.Claim _ = store.claim(claim(request.share()))) {
            BatchFile.require(store, request, list);
            nameAgain();
            log.collect();
            Standings standings = new Standings(list, control);
            boolean stopped;
            try {
                stopped = engine().make(list.works(), standings, control);
            } finally {
                log.collect();
                log.settle();
            }
            log.tidy();
            return standings.report(store.display(), stopped);
        }
    }

    /// The name of what a process claims.
    public static String claim(Optional<Share> share) {
        return share.map(part -> ".lock-" + part).orElse(".lock");
    }

    /// Where rows are made.
    public interface RowEngine {
        /// Makes rows until none is left or too many have failed.
        ///
        /// @return whether too many have failed
        boolean make(List<BatchWork> works, Standings standings, JobControl control) throws IOException;
    }

    /// Spark schedules, retries, places and excludes. Where it is not there, and for a share of the rows, they are made
    /// one after the other in this process.
    private RowEngine engine() {
        return request.cluster().isPresent()
                ? new SparkEngine(request, request.cluster().get(), log, task)
                : this::makeHere;
    }

    private boolean makeHere(List<BatchWork> works, Standings standings, JobControl control) throws IOException {
        try (RowRunner runner = new RowRunner(store, log, task, folder(request.task()), request.scratch(), false)) {
            int apart = 0;
            for (BatchWork work : works) {
                control.check();
                standings.begun(work);
                standings.ended(work, runner.run(work, RowRunner.Chances.here(), inner(control)));
                apart += work.names().size();
                if (apart >= COLLECTED) {
                    log.collect();
                    apart = 0;
                }
                if (isTooMuch(request, standings)) {
                    return true;
                }
            }
        } finally {
            standings.loaded(task.loads());
        }
        return false;
    }

    /// Whether more has failed than the batch allows.
    static boolean isTooMuch(BatchRequest request, Standings standings) {
        return request.conduct().maxFailures().isPresent()
                && standings.failedHere() > request.conduct().maxFailures().getAsInt();
    }

    /// A row's own events are its steps; what a batch tells is how rows get on.
    private static JobControl inner(JobControl control) {
        return new JobControl(_ -> {}, control.cancellation());
    }

    /// Rows that ask for what is there under another name.
    private void nameAgain() throws IOException {
        Map<String, List<RowName>> names = list.newNames();
        if (names.isEmpty()) {
            return;
        }
        List<ManifestRow> rows = new ArrayList<>();
        log.each(row -> {
            List<RowName> asked = row.completed() ? names.remove(row.key()) : null;
            if (asked != null) {
                asked.forEach(name -> rows.add(row.named(name.id(), name.row())));
            }
        });
        log.add(rows);
    }

    @Override
    public void close() {
        task.close();
        try {
            store.close();
        } catch (IOException _) {
            // Every file that was written is closed; what is left is a connection.
        }
    }
}
