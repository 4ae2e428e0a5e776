package io.github.cogvideo4j.server.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.Jobs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What the store promises, on every database.
class JobStoreTest extends StoredJobs {
    @ParameterizedTest
    @EnumSource
    void aJobIsWhatWasPutIn(TestStores kind) throws Exception {
        TestStores.Place place = kind.place(folder);
        try (JobStore store = place.open()) {
            put(store, "video_1", "ann");
        }
        try (JobStore store = place.open()) {
            Job job = store.find("video_1").orElseThrow().job();
            assertThat(job.request()).isEqualTo(request("a cat, job video_1"));
            assertThat(job.made()).isEqualTo(MADE);
            assertThat(job.owner()).isEqualTo("ann");
            assertThat(job.state()).isEqualTo(JobState.QUEUED);
            assertThat(job.attempt()).isZero();
            assertThat(job.progress()).isEqualTo(Job.JobProgress.NONE);
            assertThat(job.times().created()).isEqualTo(place.clock().instant());
            assertThat(store.find("video_2")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledJobIsNotCompleted(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            put(store, "a", "ann");
            put(store, "b", "ann");
            WorkQueue work = store.work(LEASE, 2);
            WorkQueue.Claim claim = work.claim("w").orElseThrow();
            assertThat(store.cancel("ann", "a", CANCELLED, Optional.empty())).isEqualTo(JobState.IN_PROGRESS);
            assertThat(work.wish(claim)).isEqualTo(WorkQueue.Wish.CANCEL);
            assertThat(work.complete(claim, outcome())).isFalse();
            assertThat(work.fail(claim, CANCELLED, Optional.empty())).isTrue();
            assertThat(store.cancel("ann", "b", CANCELLED, Optional.empty())).isEqualTo(JobState.QUEUED);
            assertThat(store.find("b").orElseThrow().job().error()).contains(CANCELLED);
            assertThat(work.claim("w")).isEmpty();
            assertThat(store.cancel("ann", "b", CANCELLED, Optional.empty())).isEqualTo(JobState.FAILED);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDeletedJobIsLostForItsWorkerAndForClients(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            put(store, "a", "ann");
            WorkQueue work = store.work(LEASE, 2);
            WorkQueue.Claim claim = work.claim("w").orElseThrow();
            assertRefused(Reason.NOT_FOUND, () -> store.delete("ben", "a"));
            store.delete("ann", "a");
            assertThat(work.wish(claim)).isEqualTo(WorkQueue.Wish.LOST);
            assertThat(work.complete(claim, outcome())).isFalse();
            assertThat(store.find("a")).isEmpty();
            assertRefused(Reason.NOT_FOUND, () -> store.delete("ann", "a"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anIdempotencyKeyGivesTheSameJob(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            Optional<String> key = Optional.of("k");
            assertThat(store.insert(job("a", "ann", key, 0), 10, MUCH_WORK).replayed())
                    .isFalse();
            JobStore.NewJob again = new JobStore.NewJob(
                    "b",
                    new Jobs.Submission("ann", request("again"), Job.Operation.CREATE, key, 0),
                    "print of a",
                    MADE,
                    "tiny",
                    "",
                    OptionalLong.empty());
            Jobs.Submitted second = store.insert(again, 10, MUCH_WORK);
            assertThat(second.replayed()).isTrue();
            assertThat(second.job().id()).isEqualTo("a");
            assertRefused(Reason.KEY_REUSED, () -> store.insert(job("c", "ann", key, 0), 10, MUCH_WORK));
            assertThat(store.insert(job("d", "ben", key, 0), 10, MUCH_WORK).replayed())
                    .isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theQueueIsBoundInJobsAndInWork(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            store.insert(job("a", "ann", Optional.empty(), 0), 2, MUCH_WORK);
            store.insert(job("b", "ann", Optional.empty(), 0), 2, MUCH_WORK);
            assertRefused(Reason.QUEUE_FULL, () -> store.insert(job("c", "ann", Optional.empty(), 0), 2, MUCH_WORK));
            assertRefused(
                    Reason.QUEUE_FULL,
                    () -> store.insert(job("c", "ann", Optional.empty(), 0), 9, Duration.ofMillis(1_999)));
            assertThat(store.find("c")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void jobsAreListedInPagesBothWays(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            for (int i = 1; i <= 5; i++) {
                put(store, "v" + i, "ann");
                put(store, "other" + i, "ben");
            }
            assertThat(pages(store, true)).containsExactly("v1", "v2", "v3", "v4", "v5");
            assertThat(pages(store, false)).containsExactly("v5", "v4", "v3", "v2", "v1");
            assertThat(ids(store.list("ann", new Jobs.ListQuery(9, true, Optional.empty(), Optional.of("CAT v3")))))
                    .containsExactly("v3");
            assertThat(ids(store.list("ann", new Jobs.ListQuery(9, true, Optional.empty(), Optional.of("100%")))))
                    .isEmpty();
            assertRefused(
                    Reason.NOT_FOUND,
                    () -> store.list("ann", new Jobs.ListQuery(2, true, Optional.of("other1"), Optional.empty())));
        }
    }

    private static List<String> pages(JobStore store, boolean ascending) {
        List<String> all = new ArrayList<>();
        Optional<String> after = Optional.empty();
        while (true) {
            List<String> page = ids(store.list("ann", new Jobs.ListQuery(2, ascending, after, Optional.empty())));
            all.addAll(page.subList(0, Math.min(2, page.size())));
            if (page.size() <= 2) {
                return all;
            }
            after = Optional.of(all.getLast());
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheOwnersPlacesChangeHands(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            for (String id : List.of("a1", "b1", "a2", "b2", "a3")) {
                put(store, id, id.startsWith("a") ? "ann" : "ben");
            }
            store.queue().move("ann", "a3", 1);
            assertThat(store.queue().now().waiting().stream().map(QueueRows.QueuePlace::id))
                    .containsExactly("a3", "b1", "a1", "b2", "a2");
            store.queue().move("ann", "a3", 4);
            assertThat(store.queue().now().waiting().stream().map(QueueRows.QueuePlace::id))
                    .containsExactly("a1", "b1", "a3", "b2", "a2");
            store.queue().move("ann", "a1", 99);
            assertThat(store.queue().now().waiting().stream().map(QueueRows.QueuePlace::id))
                    .containsExactly("a3", "b1", "a2", "b2", "a1");
            store.work(LEASE, 2).claim("w");
            assertRefused(Reason.NOT_QUEUED, () -> store.queue().move("ann", "a3", 1));
            assertRefused(Reason.NOT_FOUND, () -> store.queue().move("ann", "b1", 1));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoHasSeenANumberHasSeenEveryChangeBeforeIt(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            put(store, "a", "ann");
            long seen = store.lastChange();
            put(store, "b", "ann");
            put(store, "c", "ben");
            WorkQueue.Claim claim = store.work(LEASE, 2).claim("w").orElseThrow();
            assertThat(ids(store.changed("ann", seen))).containsExactly("b", "a");
            seen = store.lastChange();
            store.work(LEASE, 2).beat(claim, Optional.empty(), Optional.empty());
            assertThat(store.changed("ann", seen)).isEmpty();
            Job.JobProgress half = new Job.JobProgress(50, Optional.of("denoise"), 2, 4, OptionalInt.of(2));
            store.work(LEASE, 2).beat(claim, Optional.of(half), Optional.of(Duration.ofMillis(1_500)));
            Job job = store.changed("ann", seen).getFirst().job();
            assertThat(job.progress()).isEqualTo(half);
            assertThat(job.secondsLeft()).hasValue(2);
            store.delete("ann", "b");
            assertThat(ids(store.changed("ann", seen))).containsExactly("a", "b");
        }
    }

    @ParameterizedTest
    @EnumSource
    void filesExpireByTimeAndByQuotaTheOldestFirst(TestStores kind) throws Exception {
        TestStores.Place place = kind.place(folder);
        try (JobStore store = place.open()) {
            WorkQueue work = store.work(LEASE, 2);
            for (String id : List.of("a", "b", "c")) {
                put(store, id, "ann");
                WorkQueue.Claim claim = work.claim("w").orElseThrow();
                place.clock().forward(Duration.ofSeconds(1));
                Optional<java.time.Instant> expires =
                        id.equals("c") ? Optional.of(place.clock().instant().plusSeconds(10)) : Optional.empty();
                work.complete(claim, new WorkQueue.Outcome(MADE, Optional.empty(), 100, expires));
            }
            assertThat(store.files().bytes()).isEqualTo(300);
            assertThat(store.files().folders()).containsExactlyInAnyOrder("a-1", "b-1", "c-1");
            assertThat(store.files().expire(OptionalLong.of(300))).isEmpty();
            assertThat(ids(store.files().expire(OptionalLong.of(250)))).containsExactly("a");
            place.clock().forward(Duration.ofSeconds(11));
            assertThat(ids(store.files().expire(OptionalLong.of(100)))).containsExactly("c");
            assertThat(store.find("a").orElseThrow().job().state()).isEqualTo(JobState.EXPIRED);
            assertThat(store.files().folders()).containsExactly("b-1");
            assertThat(store.files().bytes()).isEqualTo(100);
            place.clock().forward(Duration.ofDays(31));
            store.files().expire(OptionalLong.empty());
            assertThat(store.find("a")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void timesAreRememberedByShapeAndScaled(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            Timings timings = store.timings();
            assertThat(timings.of("s", "m", 10)).isEmpty();
            timings.add("s", "m", 10, timing(3, 6, 9));
            timings.add("s", "m", 10, timing(6, 12, 18));
            assertThat(timings.of("s", "m", 10)).contains(timing(4, 8, 12));
            Timings.Timing foretold = timings.of("twice", "m", 20).orElseThrow();
            assertThat(foretold.sameShape()).isFalse();
            assertThat(foretold.of(1)).isEqualTo(timing(8, 16, 24).of(1));
            assertThat(foretold.decode()).isEqualTo(Duration.ofSeconds(12));
            assertThat(timings.of("twice", "other", 20)).isEmpty();
        }
    }

    private static Timings.Timing timing(int before, int step, int after) {
        return new Timings.Timing(
                Duration.ofSeconds(before),
                Duration.ofSeconds(step),
                Duration.ofSeconds(after),
                Duration.ofSeconds(after).dividedBy(2),
                true);
    }
}
