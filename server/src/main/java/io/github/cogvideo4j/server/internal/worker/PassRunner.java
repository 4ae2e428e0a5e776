package io.github.cogvideo4j.server.internal.worker;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationResult;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import io.github.cogvideo4j.server.internal.files.DerivedFiles;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.store.StoreException;
import io.github.cogvideo4j.server.internal.store.WorkQueue;
import io.github.cogvideo4j.server.internal.store.WorkQueue.Claim;
import io.github.cogvideo4j.server.internal.store.WorkQueue.Wish;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// The making of videos: one job, or several in one pass of the model, from their claims to files that are published or
/// to failures that are told.
final class PassRunner {
    /// While the store cannot be reached.
    private static final Duration TROUBLE = Duration.ofSeconds(2);

    private final Worker.Setup setup;
    private final WorkQueue queue;
    private final JobMetrics metrics;
    private final ModelPool pool;
    private final PassSizes sizes;
    private volatile boolean stopping;

    PassRunner(Worker.Setup setup, ModelPool pool, PassSizes sizes) {
        this.setup = setup;
        this.queue = setup.queue();
        this.metrics = setup.metrics();
        this.pool = pool;
        this.sizes = sizes;
    }

    /// The server stops: nothing is waited for any more.
    void stop() {
        stopping = true;
    }

    /// The attempts at jobs that were claimed together.
    List<Attempt> attempts(List<Claim> claims) {
        Instant begun = setup.clock().instant();
        List<Attempt> attempts = new ArrayList<>();
        for (Claim claim : claims) {
            Attempt.Turn turn = new Attempt.Turn(attempts.size() + 1, claims.size());
            attempts.add(new Attempt(claim, turn, queue, setup.timings(), metrics, begun));
        }
        return List.copyOf(attempts);
    }

    /// Makes the videos. Every attempt has ended afterwards.
    void run(List<Attempt> attempts) {
        metrics.pass(attempts.size());
        if (attempts.size() == 1) {
            alone(attempts.getFirst());
        } else {
            together(attempts);
        }
    }

    private void alone(Attempt attempt) {
        GenerationResult result;
        try (PlannedGeneration plan = planned(attempt)) {
            result = plan.run(attempt.control());
        } catch (RuntimeException | IOException | Error thrown) {
            failed(attempt, thrown);
            return;
        }
        made(attempt, result);
    }

    /// Makes several in one pass. Where the memory does not suffice for all, the last ones go back to their places in
    /// the queue; where the pass comes to nothing as a whole, all of them do, and each is then made alone.
    private void together(List<Attempt> attempts) {
        List<Attempt> planned = new ArrayList<>();
        List<PlannedGeneration> plans = new ArrayList<>();
        try {
            for (Attempt attempt : attempts) {
                try {
                    plans.add(planned(attempt));
                    planned.add(attempt);
                } catch (RuntimeException | IOException thrown) {
                    failed(attempt, thrown);
                }
            }
            int fits = fitting(plans);
            if (fits < plans.size()) {
                sizes.limit(planned.getFirst().claim().row(), fits);
                planned.subList(fits, planned.size()).forEach(this::goesBack);
            }
            List<PlannedGeneration.Member> members = new ArrayList<>();
            for (int i = 0; i < fits; i++) {
                Attempt attempt = planned.get(i);
                members.add(new PlannedGeneration.Member(
                        plans.get(i),
                        attempt.control(),
                        result -> made(attempt, result),
                        thrown -> failed(attempt, thrown)));
            }
            if (!members.isEmpty()) {
                PlannedGeneration.runTogether(members);
            }
        } catch (RuntimeException | Error thrown) {
            attempts.stream().filter(attempt -> !attempt.isOver()).forEach(this::goesBack);
            if (!JobFailure.isCancelled(thrown)) {
                sizes.limit(attempts.getFirst().claim().row(), 1);
                pool.clear();
                metrics.defect(thrown);
            }
        } finally {
            plans.forEach(PlannedGeneration::close);
        }
    }

    /// How many of the plans, from the first one, one pass has the memory for.
    private static int fitting(List<PlannedGeneration> plans) {
        int fits = plans.size();
        while (fits > 1 && !plans.getFirst().memoryTogether(fits).fits()) {
            fits--;
        }
        return fits;
    }

    private PlannedGeneration planned(Attempt attempt) throws IOException {
        Claim claim = attempt.claim();
        Path folder = setup.files().begin(claim.id(), claim.attempt());
        GenerationRequest request =
                setup.requests().generation(claim.row().job().request(), folder.resolve(FileKind.VIDEO.fileName()));
        int loads = pool.loads();
        long begun = System.nanoTime();
        PlannedGeneration plan = pool.plan(request, attempt.control());
        if (pool.loads() > loads) {
            metrics.loaded(Duration.ofNanos(System.nanoTime() - begun));
        }
        return plan;
    }

    /// A video is whole: it is published with what was measured.
    private void made(Attempt attempt, GenerationResult result) {
        boolean published;
        try {
            Claim claim = attempt.claim();
            attempt.tracker().saving();
            Path folder = setup.files().unfinished(claim.id(), claim.attempt());
            GeneratedVideo video = result.videos().getFirst();
            Files.writeString(
                    folder.resolve(FileKind.FIGURES.fileName()), video.json().toString());
            published = publish(attempt);
        } catch (RuntimeException | IOException | Error thrown) {
            failed(attempt, thrown);
            return;
        }
        // From here on nothing takes the files away that a row names.
        ended(attempt, published ? "completed" : "cancelled");
        if (published) {
            noteTiming(attempt);
        }
    }

    private void noteTiming(Attempt attempt) {
        try {
            attempt.noteTiming();
        } catch (StoreException e) {
            metrics.defect(e); // the next job of the shape is foretold worse
        }
    }

    private boolean publish(Attempt attempt) throws IOException {
        Claim claim = attempt.claim();
        Job job = claim.row().job();
        long bytes = setup.files().publish(claim.id(), claim.attempt());
        Optional<Instant> expires = expires();
        Job.Sprites sprites = DerivedFiles.sprites(job.made().frames());
        WorkQueue.Outcome outcome = new WorkQueue.Outcome(job.made(), Optional.of(sprites), bytes, expires);
        if (insisting(() -> queue.complete(claim, outcome)) || insisting(() -> queue.isPublished(claim))) {
            return true;
        }
        setup.files().delete(claim.id(), claim.attempt());
        insisting(() -> queue.fail(claim, cancelled(), expires));
        return false;
    }

    /// Ends an attempt that came to nothing.
    private void failed(Attempt attempt, Throwable thrown) {
        Claim claim = attempt.claim();
        deleteFiles(claim);
        if (attempt.wish() == Wish.LOST) {
            ended(attempt, "lost");
            return;
        }
        if (JobFailure.isCancelled(thrown)) {
            if (attempt.wish() == Wish.GO_ON && attempt.isStopping()) {
                insisting(() -> queue.giveBack(claim));
                ended(attempt, "given_back");
                return;
            }
            insisting(() -> queue.fail(claim, cancelled(), expires()));
            ended(attempt, "cancelled");
            return;
        }
        JobFailure failure = JobFailure.of(thrown);
        if (failure.memory() || failure.defect()) {
            pool.clear();
        }
        if (failure.defect()) {
            metrics.defect(thrown);
        }
        insisting(() -> queue.fail(claim, failure.error(), expires()));
        ended(attempt, "failed");
    }

    /// Ends an attempt that is not made in this pass: its job has its place in the queue again, unless it is no longer
    /// wanted.
    private void goesBack(Attempt attempt) {
        Claim claim = attempt.claim();
        deleteFiles(claim);
        if (attempt.wish() == Wish.CANCEL) {
            insisting(() -> queue.fail(claim, cancelled(), expires()));
            ended(attempt, "cancelled");
        } else {
            insisting(() -> queue.giveBack(claim));
            ended(attempt, "given_back");
        }
    }

    private void deleteFiles(Claim claim) {
        try {
            setup.files().delete(claim.id(), claim.attempt());
        } catch (IOException e) {
            metrics.defect(e); // swept when the server starts again
        }
    }

    private void ended(Attempt attempt, String result) {
        attempt.end();
        Job job = attempt.claim().row().job();
        metrics.finished(
                job.operation(),
                result,
                Duration.between(job.times().created(), attempt.begun()),
                Duration.between(attempt.begun(), setup.clock().instant()));
    }

    private Optional<Instant> expires() {
        return setup.retention().map(setup.clock().instant()::plus);
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
                try {
                    Thread.sleep(TROUBLE);
                } catch (InterruptedException _) {
                    stopping = true;
                }
            }
        }
    }
}
