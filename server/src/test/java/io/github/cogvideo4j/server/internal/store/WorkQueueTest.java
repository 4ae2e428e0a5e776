package io.github.cogvideo4j.server.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The handing out of jobs to workers: order, passes, leases, fences.
class WorkQueueTest extends StoredJobs {
    /// A worker whose store went away after the change, but before the answer, asks before it deletes the files.
    @ParameterizedTest
    @EnumSource
    void aResultWhosePublicationWasNotAnsweredIsKnownToBePublished(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            put(store, "a", "ann");
            WorkQueue work = store.work(LEASE, 2);
            WorkQueue.Claim claim = work.claim("w1").orElseThrow();
            assertThat(work.isPublished(claim)).isFalse();
            assertThat(work.complete(claim, outcome())).isTrue();
            assertThat(work.complete(claim, outcome())).isFalse();
            assertThat(work.isPublished(claim)).isTrue();
            assertThat(work.isPublished(new WorkQueue.Claim(claim.row(), "w2"))).isFalse();
            store.delete("ann", "a");
            assertThat(work.isPublished(claim)).isFalse();
        }
    }

    /// Nobody is overtaken: a pass ends at the first job that does not belong to it.
    @ParameterizedTest
    @EnumSource
    void aPassTakesJobsThatStandNextToEachOther(TestStores kind) throws Exception {
        TestStores.Place place = kind.place(folder);
        try (JobStore store = place.open()) {
            for (String id : List.of("a", "b", "c")) {
                putForPass(store, id, "ann", "p", 0);
            }
            putForPass(store, "other", "ann", "q", 0);
            putForPass(store, "d", "ann", "p", 0);
            putForPass(store, "lone", "ann", "", 0);
            putForPass(store, "lone2", "ann", "", 0);
            putForPass(store, "urgent", "ann", "p", 5);
            WorkQueue work = store.work(LEASE, 2);
            assertThat(claimed(work, 3)).containsExactly("urgent", "a", "b");
            assertThat(claimed(work, 3)).containsExactly("c");
            assertThat(claimed(work, 3)).containsExactly("other");
            assertThat(claimed(work, 3)).containsExactly("d");
            assertThat(claimed(work, 3)).containsExactly("lone");
            assertThat(store.find("urgent").orElseThrow().job().attempt()).isOne();
            // Its worker falls silent: what was begun once is begun alone.
            place.clock().forward(LEASE.plusSeconds(1));
            work.sweep(INTERRUPTED, Optional.empty());
            assertThat(claimed(work, 3)).containsExactly("urgent");
            assertThat(claimed(work, 3)).containsExactly("a");
        }
    }

    @ParameterizedTest
    @EnumSource
    void jobsAreHandedOutByPriorityThenInTheirOrder(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            put(store, "a", "ann");
            put(store, "b", "ben");
            store.insert(job("c", "ann", Optional.empty(), 5), 10, MUCH_WORK);
            WorkQueue work = store.work(LEASE, 2);
            List<String> order = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                work.claim("w").ifPresent(claim -> order.add(claim.id()));
            }
            assertThat(order).containsExactly("c", "a", "b");
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsHandedOutWhileTheQueueIsPaused(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            put(store, "a", "ann");
            WorkQueue work = store.work(LEASE, 2);
            store.queue().pause(true);
            assertThat(work.claim("w")).isEmpty();
            assertThat(store.queue().now().paused()).isTrue();
            store.queue().pause(false);
            assertThat(work.claim("w")).isPresent();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSilentWorkersJobIsQueuedAgainThenFails(TestStores kind) throws Exception {
        TestStores.Place place = kind.place(folder);
        try (JobStore store = place.open()) {
            put(store, "a", "ann");
            put(store, "b", "ann");
            WorkQueue work = store.work(LEASE, 2);
            WorkQueue.Claim first = work.claim("w1").orElseThrow();
            place.clock().forward(Duration.ofSeconds(50));
            assertThat(work.beat(first, Optional.empty(), Optional.empty())).isEqualTo(WorkQueue.Wish.GO_ON);
            place.clock().forward(Duration.ofSeconds(50));
            assertThat(work.sweep(INTERRUPTED, Optional.empty())).isZero();
            place.clock().forward(Duration.ofSeconds(11));
            assertThat(work.sweep(INTERRUPTED, Optional.empty())).isOne();
            assertThat(work.beat(first, Optional.empty(), Optional.empty())).isEqualTo(WorkQueue.Wish.LOST);
            assertThat(work.complete(first, outcome())).isFalse();
            assertThat(work.fail(first, INTERRUPTED, Optional.empty())).isFalse();
            assertThat(work.giveBack(first)).isFalse();

            WorkQueue.Claim second = work.claim("w2").orElseThrow();
            assertThat(second.id()).isEqualTo("a"); // at its old place
            assertThat(second.attempt()).isEqualTo(2);
            assertThat(work.complete(first, outcome())).isFalse();
            place.clock().forward(Duration.ofSeconds(61));
            assertThat(work.sweep(INTERRUPTED, Optional.empty())).isOne();
            Job job = store.find("a").orElseThrow().job();
            assertThat(job.state()).isEqualTo(JobState.FAILED);
            assertThat(job.error()).contains(INTERRUPTED);
            assertThat(work.complete(second, outcome())).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSameWorkerIsFencedByTheAttempt(TestStores kind) throws Exception {
        TestStores.Place place = kind.place(folder);
        try (JobStore store = place.open()) {
            put(store, "a", "ann");
            WorkQueue work = store.work(LEASE, 5);
            WorkQueue.Claim first = work.claim("w").orElseThrow();
            place.clock().forward(Duration.ofSeconds(61));
            work.sweep(INTERRUPTED, Optional.empty());
            WorkQueue.Claim second = work.claim("w").orElseThrow();
            assertThat(work.complete(first, outcome())).isFalse();
            assertThat(work.complete(second, outcome())).isTrue();
            assertThat(work.complete(second, outcome())).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aJobThatWasGivenBackLosesNoAttempt(TestStores kind) throws Exception {
        try (JobStore store = kind.place(folder).open()) {
            put(store, "a", "ann");
            WorkQueue work = store.work(LEASE, 1);
            WorkQueue.Claim claim = work.claim("w").orElseThrow();
            assertThat(work.giveBack(claim)).isTrue();
            assertThat(store.find("a").orElseThrow().job().state()).isEqualTo(JobState.QUEUED);
            assertThat(work.claim("w").orElseThrow().attempt()).isOne();
        }
    }

    @ParameterizedTest
    @EnumSource
    void twoServersNeverHandOutAJobTwice(TestStores kind) throws Exception {
        TestStores.Place place = kind.place(folder);
        int jobs = 60;
        try (JobStore one = place.open();
                JobStore two = place.open();
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < jobs; i++) {
                put(i % 2 == 0 ? one : two, "v" + i, "ann");
            }
            Set<String> claimed = ConcurrentHashMap.newKeySet();
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                String worker = "w" + thread;
                JobStore store = thread % 2 == 0 ? one : two;
                running.add(threads.submit(() -> {
                    WorkQueue work = store.work(LEASE, 2);
                    while (!store.queue().now().waiting().isEmpty()) {
                        Optional<WorkQueue.Claim> claim = work.claim(worker);
                        if (claim.isPresent()) {
                            assertThat(claimed.add(claim.get().id())).isTrue();
                            assertThat(work.complete(claim.get(), outcome())).isTrue();
                        }
                    }
                }));
            }
            for (Future<?> future : running) {
                future.get();
            }
            assertThat(claimed).hasSize(jobs);
            assertThat(one.counts().completed()).isEqualTo(jobs);
        }
    }
}
