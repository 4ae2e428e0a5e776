package io.github.cogvideo4j.server.internal.engine;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.pipeline.LoadedModels;
import io.github.cogvideo4j.server.internal.files.JobFiles;
import io.github.cogvideo4j.server.internal.job.EngineSettings;
import io.github.cogvideo4j.server.internal.job.EngineStatus;
import io.github.cogvideo4j.server.internal.job.Estimate;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobEvents;
import io.github.cogvideo4j.server.internal.job.JobFile;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import io.github.cogvideo4j.server.internal.job.QueueState;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.server.internal.store.Fingerprint;
import io.github.cogvideo4j.server.internal.store.JobStore;
import io.github.cogvideo4j.server.internal.store.StoredJob;
import io.github.cogvideo4j.server.internal.store.Timings;
import io.github.cogvideo4j.server.internal.store.WorkQueue;
import io.github.cogvideo4j.server.internal.store.WorkQueue.Wish;
import io.github.cogvideo4j.server.internal.worker.Worker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.UUID;

/// The jobs of one server: its store, its files, and the worker that makes the videos.
public final class Engine implements Jobs, AutoCloseable {
    private static final String STORE = "jobs.db";

    private final EngineSettings settings;
    private final JobMetrics metrics;
    private final InstantSource clock;
    private final JobStore store;
    private final JobFiles files;
    private final ServedModels models;
    private final Queues queues;
    private final Changes changes = new Changes();
    private final WorkQueue work;
    private final Timings timings;
    private final Worker worker;
    private final Housekeeping housekeeping;
    private final Results results;
    private final Optional<FolderLock> lock;
    private volatile boolean draining;
    private Runnable untellExit = () -> {};
    private boolean closed;

    private Engine(EngineSettings settings, JobMetrics metrics, InstantSource clock, Optional<FolderLock> lock)
            throws IOException {
        this.settings = settings;
        this.metrics = metrics;
        this.clock = clock;
        this.lock = lock;
        this.files = new JobFiles(settings.data());
        this.models = new ServedModels(settings, files.uploads());
        this.store = JobStore.open(settings.storeUrl(), settings.data().resolve(STORE), clock);
        this.queues = new Queues(store, clock);
        this.work = store.work(settings.lease(), settings.attempts());
        this.timings = store.timings();
        this.results = new Results(files, store.files(), metrics);
        this.housekeeping = new Housekeeping(settings, store, work, files, clock, metrics);
        this.worker = new Worker(new Worker.Setup(
                "worker-" + UUID.randomUUID(),
                work,
                timings,
                files,
                models::generation,
                new Ringing(metrics, changes),
                clock,
                settings.retention(),
                settings.modelBytes(),
                Math.max(2, settings.models().size()),
                settings.maxBatch()));
    }

    /// Opens store and files, and puts in order what an earlier run left. Nothing is worked on yet.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException   when a model cannot be used
    /// @throws InvalidRequestException `request` when another server uses the folder
    /// @throws io.github.cogvideo4j.server.internal.store.StoreException when the store cannot be opened
    public static Engine open(EngineSettings settings, JobMetrics metrics) throws IOException {
        return open(settings, metrics, InstantSource.system());
    }

    static Engine open(EngineSettings settings, JobMetrics metrics, InstantSource clock) throws IOException {
        if (settings.models().isEmpty()) {
            throw new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), "server.job.no-models");
        }
        new JobFiles(settings.data()); // makes the folder
        // Servers that share a store share the folder.
        Optional<FolderLock> lock =
                settings.storeUrl().isPresent() ? Optional.empty() : Optional.of(FolderLock.of(settings.data()));
        boolean opened = false;
        try {
            Engine engine = new Engine(settings, metrics, clock, lock);
            engine.housekeeping.begin();
            opened = true;
            return engine;
        } finally {
            if (!opened && lock.isPresent()) {
                lock.get().close();
            }
        }
    }

    /// Begins to work. When the virtual machine goes down, by SIGTERM for one, the engine is drained first.
    public void start() {
        untellExit = LoadedModels.beforeExit(() -> drain(settings.grace()));
        worker.start();
        housekeeping.start();
    }

    /// Takes no more jobs, lets the running one go on for a while, then gives it back to the queue, and waits until
    /// nothing is computed any more.
    public void drain(Duration grace) {
        draining = true;
        worker.stop(grace);
        results.close();
        changes.ring();
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        drain(Duration.ZERO);
        untellExit.run();
        housekeeping.close();
        models.close();
        store.close();
        if (lock.isPresent()) {
            lock.get().close();
        }
    }

    @Override
    public Path uploads() {
        return files.uploads();
    }

    @Override
    public String reuse(String owner, String id, Source source) throws IOException {
        return results.reuse(find(owner, id), source);
    }

    @Override
    public Submitted submit(Submission submission) throws IOException {
        try {
            return accept(submission);
        } catch (JobRefusedException e) {
            metrics.refused(e.reason());
            throw e;
        }
    }

    private Submitted accept(Submission submission) throws IOException {
        if (draining) {
            throw new JobRefusedException(
                    Reason.DRAINING, Message.of("server.job.draining"), Optional.of(Duration.ofSeconds(10)));
        }
        if (files.freeBytes() < settings.floorBytes()) {
            throw new JobRefusedException(
                    Reason.STORAGE_FULL, Message.of("server.job.storage-full"), Optional.of(Duration.ofMinutes(1)));
        }
        VideoRequest request = submission.request();
        Job.Made made = ServedModels.made(plan(request));
        files.syncUploads(request.inputs().values());
        String shape = StoredJob.shape(request, made);
        Submitted submitted = store.insert(
                new JobStore.NewJob(
                        "video_" + UUID.randomUUID().toString().replace("-", ""),
                        submission,
                        Fingerprint.ofWish(submission),
                        made,
                        shape,
                        Fingerprint.ofPass(request, made),
                        expected(request, made)),
                settings.maxQueue(),
                settings.maxWork());
        if (submitted.replayed()) {
            for (String upload : request.inputs().values()) {
                files.deleteUpload(upload);
            }
        }
        worker.wake();
        changes.ring();
        return new Submitted(queues.placed(submitted.job()), submitted.replayed());
    }

    private GenerationPlan plan(VideoRequest request) throws IOException {
        try {
            return models.plan(request);
        } catch (NoSuchFileException e) {
            throw new JobRefusedException(
                    Reason.INVALID, Message.of("server.job.upload-gone", String.valueOf(e.getFile())));
        }
    }

    private OptionalLong expected(VideoRequest request, Job.Made made) {
        return timings.of(StoredJob.shape(request, made), request.model(), StoredJob.work(request, made))
                .map(timing ->
                        OptionalLong.of(Math.max(1, timing.of(made.steps()).toMillis())))
                .orElse(OptionalLong.empty());
    }

    private StoredJob owned(String owner, String id) {
        return store.find(id).filter(row -> row.job().owner().equals(owner)).orElseThrow(() -> JobStore.notFound(id));
    }

    @Override
    public Job find(String owner, String id) {
        Job job = owned(owner, id).job();
        if (job.state() == JobState.EXPIRED) {
            throw new JobRefusedException(Reason.EXPIRED, Message.of("server.job.expired", id));
        }
        return queues.placed(job);
    }

    @Override
    public JobPage list(String owner, ListQuery query) {
        List<Job> jobs = store.list(owner, query).stream()
                .map(row -> queues.placed(row.job()))
                .toList();
        boolean more = jobs.size() > query.limit();
        return new JobPage(more ? jobs.subList(0, query.limit()) : jobs, more);
    }

    @Override
    public Job cancel(String owner, String id) {
        Job.JobError error =
                new Job.JobError("cancelled", Message.of("server.job.cancelled").text(Locale.ENGLISH));
        Optional<Instant> expires = settings.retention().map(clock.instant()::plus);
        JobState was = store.cancel(owner, id, error, expires);
        if (was.isOver()) {
            throw new JobRefusedException(
                    Reason.CANNOT_CANCEL, Message.of("server.job.cannot-cancel", id, Results.word(was)));
        }
        worker.stop(id, Wish.CANCEL);
        changes.ring();
        return find(owner, id);
    }

    @Override
    public void delete(String owner, String id) {
        StoredJob row = store.delete(owner, id);
        worker.stop(id, Wish.LOST);
        housekeeping.remove(row);
        changes.ring();
    }

    @Override
    public Job move(String owner, String id, int position) {
        store.queue().move(owner, id, position);
        changes.ring();
        return find(owner, id);
    }

    @Override
    public QueueState queue() {
        return queues.state();
    }

    @Override
    public QueueState pause(boolean paused) {
        store.queue().pause(paused);
        worker.wake();
        changes.ring();
        return queue();
    }

    @Override
    public JobEvents events(String owner, Optional<String> id, OptionalLong lastEventId) {
        id.ifPresent(job -> owned(owner, job));
        return new EventStream(store, queues, changes, owner, id, lastEventId);
    }

    @Override
    public JobFile file(String owner, String id, FileKind kind) throws IOException {
        return results.file(owned(owner, id).job(), kind);
    }

    @Override
    public Estimate estimate(VideoRequest request) throws IOException {
        GenerationPlan plan = plan(request);
        Job.Made made = ServedModels.made(plan);
        OptionalLong millis = expected(request, made);
        return new Estimate(
                made,
                plan.device(),
                plan.memory().peak().neededBytes(),
                plan.memory().availableBytes(),
                plan.memory().fits(),
                millis.isPresent() ? OptionalDouble.of(millis.getAsLong() / 1e3) : OptionalDouble.empty(),
                queue().workSeconds(),
                plan.warnings());
    }

    @Override
    public List<ModelCard> models() {
        return models.cards(worker.loadedModels());
    }

    @Override
    public List<String> loras() {
        return models.loras();
    }

    @Override
    public EngineStatus status() {
        List<Path> loaded = worker.loadedModels();
        long free = files.freeBytes();
        return new EngineStatus(
                worker.isAlive(),
                settings.models().stream().anyMatch(model -> Files.isReadable(model.folder())),
                store.isWritable(),
                free >= settings.floorBytes(),
                draining,
                queue(),
                store.counts(),
                store.bytes(),
                store.files().bytes(),
                free,
                settings.models().stream()
                        .filter(model -> loaded.contains(model.folder()))
                        .map(EngineSettings.ServedModel::name)
                        .toList(),
                worker.modelBytes());
    }
}
