package io.github.cogvideo4j.server.internal.engine;

import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobEvents;
import io.github.cogvideo4j.server.internal.store.JobStore;
import io.github.cogvideo4j.server.internal.store.StoredJob;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// A subscription that looks at the store: at once when this server changed something, else each half second.
final class EventStream implements JobEvents {
    private static final Duration LOOK = Duration.ofMillis(500);

    private final JobStore store;
    private final Queues queues;
    private final Changes changes;
    private final String owner;
    private final Optional<String> only;
    private final Deque<JobChange> waiting = new ArrayDeque<>();
    private final Map<String, Integer> places = new HashMap<>();
    private long seen;
    private long seenQueue;

    EventStream(
            JobStore store, Queues queues, Changes changes, String owner, Optional<String> only, OptionalLong after) {
        this.store = store;
        this.queues = queues;
        this.changes = changes;
        this.owner = owner;
        this.only = only;
        // A number from another store may be one that comes only later here.
        this.seen = Math.min(after.orElse(Long.MAX_VALUE), store.lastChange());
        if (only.isEmpty()) {
            waiting.add(new Queue(seen, queues.state()));
        }
        if (after.isEmpty()) {
            List<StoredJob> active =
                    only.isPresent() ? store.find(only.get()).stream().toList() : store.active(owner);
            active.forEach(this::add);
        }
        this.seenQueue = store.queue().lastChange();
    }

    private void add(StoredJob row) {
        Job job = queues.placed(row.job());
        job.position().ifPresentOrElse(place -> places.put(job.id(), place), () -> places.remove(job.id()));
        waiting.add(
                job.state() == JobState.DELETED || job.state() == JobState.EXPIRED
                        ? new Removed(job.change(), job.id())
                        : new Changed(job.change(), job));
    }

    @Override
    public Optional<JobChange> next(Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            long mark = changes.count();
            if (waiting.isEmpty()) {
                look();
            }
            if (!waiting.isEmpty()) {
                return Optional.of(waiting.removeFirst());
            }
            long left = end - System.nanoTime();
            if (left <= 0) {
                return Optional.empty();
            }
            changes.await(mark, Duration.ofNanos(Math.min(left, LOOK.toNanos())));
        }
    }

    private void look() {
        // The number first: what is looked at later is at least as new.
        long now = store.lastChange();
        if (now == seen) {
            return;
        }
        for (StoredJob row : store.changed(owner, seen)) {
            if (only.isEmpty() || only.get().equals(row.job().id())) {
                add(row);
            }
            seen = Math.max(seen, row.job().change());
        }
        seen = Math.max(seen, now);
        long queue = store.queue().lastChange();
        if (queue != seenQueue) {
            seenQueue = queue;
            moved();
            if (only.isEmpty()) {
                waiting.add(new Queue(seen, queues.state()));
            }
        }
    }

    /// Jobs that come nearer in the queue without a change of their own.
    private void moved() {
        for (Map.Entry<String, Integer> place : Map.copyOf(places).entrySet()) {
            store.find(place.getKey()).ifPresent(row -> {
                Job job = queues.placed(row.job());
                if (job.position().isPresent() && job.position().getAsInt() != place.getValue()) {
                    places.put(job.id(), job.position().getAsInt());
                    waiting.add(new Changed(seen, job));
                }
            });
        }
    }

    @Override
    public void close() {
        waiting.clear();
    }
}
