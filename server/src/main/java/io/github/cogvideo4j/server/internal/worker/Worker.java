package io.github.cogvideo4j.server.internal.worker;

import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.server.internal.files.JobFiles;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.server.internal.store.StoreException;
import io.github.cogvideo4j.server.internal.store.Timings;
import io.github.cogvideo4j.server.internal.store.WorkQueue;
import io.github.cogvideo4j.server.internal.store.WorkQueue.Claim;
import io.github.cogvideo4j.server.internal.store.WorkQueue.Wish;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// The one worker of a device: takes the next job, or several that one pass makes, and has their videos made.
/// No failure of a job ends it.
public final class Worker implements AutoCloseable {
    private static final Duration IDLE = Duration.ofSeconds(1);
    private static final Duration BEAT = Duration.ofSeconds(1);
    /// While the store cannot be reached.
    private static final Duration TROUBLE = Duration.ofSeconds(2);

    private final String name;
    private final WorkQueue queue;
    private final JobMetrics metrics;
    private final ModelPool pool;
    private final PassSizes sizes;
    private final PassRunner runner;
    private final Thread working;
    private final Thread beating;
    /// A permit for each time that there may be something to do.
    private final Semaphore calls = new Semaphore(0);
    private volatile List<Attempt> current = List.of();
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
    /// @param maxBatch   the most jobs that one pass of a model makes
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
            int models,
            int maxBatch) {}

    /// A worker that has not begun.
    public Worker(Setup setup) {
        this.name = setup.name();
        this.queue = setup.queue();
        this.metrics = setup.metrics();
        this.pool = new ModelPool(setup.modelBytes(), setup.models());
        this.sizes = new PassSizes(setup.maxBatch());
        this.runner = new PassRunner(setup, pool, sizes);
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
        current.stream().filter(attempt -> attempt.claim().id().equals(id)).forEach(attempt -> attempt.stop(why));
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
        runner.stop();
        if (working.getState() == Thread.State.NEW) {
            return;
        }
        wake();
        try {
            if (!working.join(grace)) {
                current.forEach(Attempt::stopForShutdown);
                working.join();
            }
            beating.interrupt();
            beating.join();
        } catch (InterruptedException _) {
            current.forEach(Attempt::stopForShutdown);
            Thread.currentThread().interrupt();
        }
    }

    private void beat() {
        while (!ended) {
            current.forEach(Attempt::beat);
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
                    List<Claim> claims = queue.claim(name, sizes::of);
                    if (claims.isEmpty()) {
                        rest(IDLE);
                    } else {
                        run(claims);
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

    private void run(List<Claim> claims) {
        try {
            current = runner.attempts(claims);
            runner.run(current);
        } finally {
            current = List.of();
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

    @Override
    public void close() {
        stop(Duration.ZERO);
    }
}
