package io.github.cogvideo4j.server.internal.worker;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import io.github.cogvideo4j.server.internal.files.DerivedFiles;
import io.github.cogvideo4j.server.internal.files.JobFiles;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.server.internal.store.StoreException;
import io.github.cogvideo4j.server.internal.store.StoredJob;
import io.github.cogvideo4j.server.internal.store.Timings;
import io.github.cogvideo4j.server.internal.store.WorkQueue;
import io.github.cogvideo4j.server.internal.store.WorkQueue.Claim;
import io.github.cogvideo4j.server.internal.store.WorkQueue.Wish;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// The one worker of a device: takes a job, makes its video, publishes it, takes the next. No failure of a job ends it.
public final class Worker implements AutoCloseable {
    private static final Duration IDLE = Duration.ofSeconds(1);
    private static final Duration BEAT = Duration.ofSeconds(1);
    /// While the store cannot be reached.
    private static final Duration TROUBLE = Duration.ofSeconds(2);

    private final String name;
    private final WorkQueue queue;
    private final Timings timings;
    private final JobFiles files;
    private final Requests requests;
    private final JobMetrics metrics;
    private final InstantSource clock;
    private final Optional<Duration> retention;
    private final ModelPool pool;
    private final Thread working;
    private final Thread beating;
    /// A permit for each time that there may be something to do.
    private final Semaphore calls = new Semaphore(0);
    private volatile Optional<Attempt> current = Optional.empty();
    private volatile boolean stopping;
    private volatile boolean ended;

    /// Makes the request to the library of a job's.
    @FunctionalInterface
    public interface Requests {
        /// The request to the library.
        ///
        /// @param video where the video goes
        GenerationRequest generation(VideoRequest request, Path video);
    }

    /// What a worker is made with.
    ///
    /// @param name       a name that no other worker has
    /// @param queue      where jobs come from
    /// @param timings    what jobs took
    /// @param files      where videos go
    /// @param requests   makes requests to the library
    /// @param metrics    counts
    /// @param clock      what time it is
    /// @param retention  how long files are kept
    /// @param modelBytes the most bytes of weights that stay in memory
    /// @param models     the most models that stay in memory
    public record Setup(
            String name,
            WorkQueue queue,
            Timings timings,
            JobFiles files,
            Requests requests,
            JobMetrics metrics,
            InstantSource clock,
            Optional<Duration> retention,
            OptionalLong modelBytes,
            int models) {}

    /// A worker that has not begun.
    public Worker(Setup setup) {
        this.name = setup.name();
        this.queue = setup.queue();
        this.timings = setup.timings();
        this.files = setup.files();
        this.requests = setup.requests();
        this.metrics = setup.metrics();
        this.clock = setup.clock();
        this.retention = setup.retention();
        this.pool = new ModelPool(setup.modelBytes(), setup.models());
        this.working = Thread.ofPlatform().name("worker").daemon().unstarted(this::work);
        this.beating = Thread.ofPlatform().name("heartbeat").daemon().unstarted(this::beat);
    }

    /// Begins.
    public void start() {
        working.start();
        beating.start();
    }

    /// Says that a job has come.
    public void wake() {
        calls.release();
    }

    /// Stops the job with an identifier, if it is being worked on here.
    public void stop(String id, Wish why) {
        current.filter(attempt -> attempt.claim().id().equals(id)).ifPresent(attempt -> attempt.stop(why));
    }

    /// Whether both threads run, or were not started yet.
    public boolean isAlive() {
        return !ended && (working.getState() == Thread.State.NEW || (working.isAlive() && beating.isAlive()));
    }

    /// The folders of the models that are in memory.
    public List<Path> loadedModels() {
        return pool.loaded();
    }

    /// The bytes of their weights.
    public long modelBytes() {
        return pool.weightBytes();
    }

    /// Takes no more jobs, lets the running one go on for a while, then gives it back to the queue, and waits until
    /// nothing is computed any more.
    public void stop(Duration grace) {
        stopping = true;
        if (working.getState() == Thread.State.NEW) {
            return;
        }
        wake();
        try {
            if (!working.join(grace)) {
                current.ifPresent(Attempt::stopForShutdown);
                working.join();
            }
            beating.interrupt();
            beating.join();
        } catch (InterruptedException _) {
            current.ifPresent(Attempt::stopForShutdown);
            Thread.currentThread().interrupt();
        }
    }

    private void beat() {
        while (!ended) {
            current.ifPresent(Attempt::beat);
            try {
                Thread.sleep(BEAT);
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private void work() {
        try {
            while (!stopping) {
                try {
                    Optional<Claim> claim = queue.claim(name);
                    if (claim.isPresent()) {
                        run(claim.get());
                    } else {
                        rest(IDLE);
                    }
                } catch (StoreException e) {
                    metrics.defect(e);
                    rest(TROUBLE);
                }
            }
        } finally {
            ended = true;
            pool.close();
        }
    }

    private void rest(Duration time) {
        try {
            if (!stopping && calls.tryAcquire(time.toNanos(), TimeUnit.NANOSECONDS)) {
                calls.drainPermits();
            }
        } catch (InterruptedException _) {
            stopping = true;
        }
    }

    private void run(Claim claim) {
        Job job = claim.row().job();
        Instant begun = clock.instant();
        ProgressTracker tracker = new ProgressTracker(
                job.made().steps(),
                timings.of(claim.row().shape(), job.request().model(), StoredJob.work(job)),
                metrics,
                System::nanoTime);
        Attempt attempt = new Attempt(claim, queue, tracker);
        current = Optional.of(attempt);
        String result = "failed";
        try {
            Path folder = files.begin(claim.id(), claim.attempt());
            generate(attempt, folder);
            tracker.saving();
            Job.Sprites sprites = DerivedFiles.make(folder);
            result = publish(attempt, sprites) ? "completed" : "cancelled";
        } catch (RuntimeException | IOException | Error thrown) {
            result = failed(attempt, thrown);
        } finally {
            current = Optional.empty();
            metrics.finished(
                    job.operation(),
                    result,
                    Duration.between(job.times().created(), begun),
                    Duration.between(begun, clock.instant()));
        }
    }

    private void generate(Attempt attempt, Path folder) throws IOException {
        Job job = attempt.claim().row().job();
        GenerationRequest request = requests.generation(job.request(), folder.resolve(FileKind.VIDEO.fileName()));
        boolean known = pool.loaded().contains(request.model());
        long begun = System.nanoTime();
        try (PlannedGeneration plan = pool.plan(request, attempt.control())) {
            if (!known) {
                metrics.loaded(Duration.ofNanos(System.nanoTime() - begun));
            }
            GeneratedVideo made = plan.run(attempt.control()).videos().getFirst();
            Files.writeString(
                    folder.resolve(FileKind.FIGURES.fileName()), made.json().toString());
        }
    }

    private boolean publish(Attempt attempt, Job.Sprites sprites) throws IOException {
        Claim claim = attempt.claim();
        Job job = claim.row().job();
        long bytes = files.publish(claim.id(), claim.attempt());
        Optional<Instant> expires = retention.map(clock.instant()::plus);
        WorkQueue.Outcome outcome = new WorkQueue.Outcome(job.made(), Optional.of(sprites), bytes, expires);
        if (insisting(() -> queue.complete(claim, outcome))) {
            attempt.tracker()
                    .measured()
                    .ifPresent(timing ->
                            timings.add(claim.row().shape(), job.request().model(), StoredJob.work(job), timing));
            return true;
        }
        files.delete(claim.id(), claim.attempt());
        insisting(() -> queue.fail(claim, cancelled(), expires));
        return false;
    }

    /// Ends an attempt that came to nothing.
    ///
    /// @return the result as it is counted
    private String failed(Attempt attempt, Throwable thrown) {
        Claim claim = attempt.claim();
        try {
            files.delete(claim.id(), claim.attempt());
        } catch (IOException e) {
            metrics.defect(e); // swept when the server starts again
        }
        if (attempt.wish() == Wish.LOST) {
            return "lost";
        }
        Optional<Instant> expires = retention.map(clock.instant()::plus);
        if (JobFailure.isCancelled(thrown)) {
            if (attempt.wish() == Wish.GO_ON && attempt.isStopping()) {
                insisting(() -> queue.giveBack(claim));
                return "given_back";
            }
            insisting(() -> queue.fail(claim, cancelled(), expires));
            return "cancelled";
        }
        JobFailure failure = JobFailure.of(thrown);
        if (failure.memory() || failure.defect()) {
            pool.clear();
        }
        if (failure.defect()) {
            metrics.defect(thrown);
        }
        insisting(() -> queue.fail(claim, failure.error(), expires));
        return "failed";
    }

    private static Job.JobError cancelled() {
        return new Job.JobError("cancelled", Message.of("server.job.cancelled").text(Locale.ENGLISH));
    }

    /// Tries a change until the lease is over: the store may be away for a moment.
    private boolean insisting(BooleanSupplier change) {
        long end = System.nanoTime() + queue.lease().toNanos();
        while (true) {
            try {
                return change.getAsBoolean();
            } catch (StoreException e) {
                metrics.defect(e);
                if (System.nanoTime() > end || stopping) {
                    return false;
                }
                rest(TROUBLE);
            }
        }
    }

    @Override
    public void close() {
        stop(Duration.ZERO);
    }
}
