package io.github.cogvideo4j.server.internal.engine;

import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.QueueState;
import io.github.cogvideo4j.server.internal.store.JobStore;
import io.github.cogvideo4j.server.internal.store.QueueRows;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// The queue as it was at the last change: places and waiting times of jobs, without asking the store for each.
final class Queues {
    private static final long MILLIS = 1_000;

    private final JobStore store;
    private final InstantSource clock;
    private Snapshot snapshot;

    /// A job's place, and when its work will be done.
    private record Waiting(int position, OptionalLong secondsLeft) {}

    private record Snapshot(QueueRows.Queue queue, Map<String, Waiting> places) {}

    Queues(JobStore store, InstantSource clock) {
        this.store = store;
        this.clock = clock;
        this.snapshot = look(store.queue().now());
    }

    private static Snapshot look(QueueRows.Queue queue) {
        Map<String, Waiting> places = new HashMap<>();
        long millis = queue.leftMillis();
        boolean known = queue.leftMillis() > 0 || queue.running() == 0;
        int position = 0;
        for (QueueRows.QueuePlace place : queue.waiting()) {
            position++;
            known = known && place.workMillis() > 0;
            millis += place.workMillis();
            places.put(
                    place.id(),
                    new Waiting(
                            position, known ? OptionalLong.of(Math.ceilDiv(millis, MILLIS)) : OptionalLong.empty()));
        }
        return new Snapshot(queue, places);
    }

    private synchronized Snapshot now() {
        if (snapshot.queue().change() != store.lastChange()) {
            snapshot = look(store.queue().now());
        }
        return snapshot;
    }

    /// A job with its place, when it is queued.
    Job placed(Job job) {
        if (job.state() != JobState.QUEUED) {
            return job;
        }
        Waiting waiting = now().places().get(job.id());
        if (waiting == null) {
            return job; // it was handed out a moment ago
        }
        return new Job(
                job.id(),
                job.owner(),
                job.state(),
                job.operation(),
                job.request(),
                job.made(),
                job.times(),
                job.progress(),
                job.attempt(),
                job.priority(),
                OptionalInt.of(waiting.position()),
                waiting.secondsLeft(),
                job.error(),
                job.sprites(),
                job.change());
    }

    /// The queue.
    QueueState state() {
        QueueRows.Queue queue = now().queue();
        long work = queue.leftMillis()
                + queue.waiting().stream()
                        .mapToLong(QueueRows.QueuePlace::workMillis)
                        .sum();
        return new QueueState(
                queue.paused(),
                queue.waiting().size(),
                queue.running(),
                queue.oldest()
                        .map(time -> Math.max(
                                0, Duration.between(time, clock.instant()).toSeconds()))
                        .orElse(0L),
                Math.ceilDiv(work, MILLIS));
    }
}
