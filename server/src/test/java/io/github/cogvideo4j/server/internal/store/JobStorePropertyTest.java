package io.github.cogvideo4j.server.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;

/// Whatever workers, clients, clocks and kills do: no job is lost, and none is completed twice.
class JobStorePropertyTest {
    private static final int ATTEMPTS = 3;
    private static final WorkQueue.Outcome OUTCOME =
            new WorkQueue.Outcome(StoredJobs.MADE, Optional.empty(), 1, Optional.empty());

    @TempDir
    private Path folder;

    @Property(tries = 12)
    void noJobIsLostAndNoneIsCompletedTwice(Generator random) throws Exception {
        run(random, TestStores.SQLITE.place(Files.createTempDirectory(folder, "run")));
    }

    @Property(tries = 4)
    void theSameOnPostgres(Generator random) throws Exception {
        run(random, TestStores.POSTGRES.place(folder));
    }

    private static void run(Generator random, TestStores.Place place) {
        History history = new History();
        JobStore store = place.open();
        try {
            int steps = random.integer(20, 120);
            for (int i = 0; i < steps; i++) {
                if (random.integer(0, 19) == 0) {
                    store.close(); // the whole server dies: what its workers know is gone
                    history.held.clear();
                    store = place.open();
                } else {
                    history.step(random, store, place.clock());
                }
                history.check(store);
            }
            history.finish(store, place.clock());
        } finally {
            store.close();
        }
    }

    /// What was done from outside, which the store has to agree with.
    private static final class History {
        private final Set<String> accepted = new HashSet<>();
        private final Set<String> deleted = new HashSet<>();
        private final Map<String, Integer> completed = new HashMap<>();
        private final Map<String, Integer> begun = new HashMap<>();
        private final Map<String, Integer> givenBack = new HashMap<>();
        private final List<WorkQueue.Claim> held = new ArrayList<>();

        void step(Generator random, JobStore store, TestStores.Clock clock) {
            WorkQueue work = store.work(StoredJobs.LEASE, ATTEMPTS);
            switch (random.integer(0, 11)) {
                case 0, 1 -> {
                    String id = "v" + accepted.size();
                    StoredJobs.putForPass(store, id, random.of("ann", "ben"), random.of("", "p", "q"), 0);
                    accepted.add(id);
                }
                case 2, 3 -> claim(random, store, work);
                case 4 -> clock.forward(Duration.ofSeconds(random.integer(1, 90)));
                case 5 -> work.sweep(StoredJobs.INTERRUPTED, Optional.empty());
                case 6 -> store.queue().pause(random.bool());
                case 7 -> client(random, store);
                default -> worker(random, work);
            }
        }

        /// Handed out are the first job, and those directly behind it of the same pass that were never begun.
        private void claim(Generator random, JobStore store, WorkQueue work) {
            int most = random.integer(1, 4);
            QueueRows.Queue queue = store.queue().now();
            List<String> expected = new ArrayList<>();
            for (QueueRows.QueuePlace place : queue.paused() ? List.<QueueRows.QueuePlace>of() : queue.waiting()) {
                StoredJob row = store.find(place.id()).orElseThrow();
                String pass = row.job().attempt() == 0 ? row.passKey() : "";
                if (expected.isEmpty()
                        || expected.size() < most
                                && !pass.isEmpty()
                                && store.find(expected.getFirst())
                                        .filter(first -> first.job().attempt() == 0
                                                && first.passKey().equals(pass))
                                        .isPresent()) {
                    expected.add(place.id());
                } else {
                    break;
                }
            }
            List<WorkQueue.Claim> claims = work.claim("w" + random.integer(1, 3), _ -> most);
            assertThat(claims).extracting(WorkQueue.Claim::id).isEqualTo(expected);
            for (WorkQueue.Claim claim : claims) {
                begun.merge(claim.id(), 1, Integer::sum);
                held.add(claim);
            }
        }

        private void worker(Generator random, WorkQueue work) {
            if (held.isEmpty()) {
                return;
            }
            WorkQueue.Claim claim = held.get(random.integer(0, held.size() - 1));
            switch (random.integer(0, 4)) {
                case 0 -> work.beat(claim, Optional.empty(), Optional.empty());
                case 1 ->
                    work.beat(
                            claim,
                            Optional.of(new io.github.cogvideo4j.server.internal.job.Job.JobProgress(
                                    random.integer(0, 99), Optional.of("denoise"), 1, 4, OptionalInt.empty())),
                            Optional.empty());
                case 2 -> {
                    if (work.complete(claim, OUTCOME)) {
                        completed.merge(claim.id(), 1, Integer::sum);
                    }
                }
                case 3 -> work.fail(claim, StoredJobs.INTERRUPTED, Optional.empty());
                default -> {
                    if (work.giveBack(claim)) {
                        givenBack.merge(claim.id(), 1, Integer::sum);
                    }
                }
            }
            if (random.bool()) {
                held.remove(claim); // the worker is killed
            }
        }

        private void client(Generator random, JobStore store) {
            List<String> ids = accepted.stream()
                    .filter(id -> !deleted.contains(id))
                    .sorted()
                    .toList();
            if (ids.isEmpty()) {
                return;
            }
            String id = ids.get(random.integer(0, ids.size() - 1));
            String owner = store.find(id).orElseThrow().job().owner();
            switch (random.integer(0, 3)) {
                case 0 -> {
                    store.delete(owner, id);
                    deleted.add(id);
                }
                case 1 -> store.cancel(owner, id, StoredJobs.CANCELLED, Optional.empty());
                default -> {
                    if (store.find(id).orElseThrow().job().state() == JobState.QUEUED) {
                        store.queue().move(owner, id, random.integer(-1, 20));
                    }
                }
            }
        }

        void check(JobStore store) {
            for (String id : accepted) {
                if (deleted.contains(id)) {
                    assertThat(store.find(id)).isEmpty();
                    continue;
                }
                StoredJob row = store.find(id).orElseThrow();
                int done = completed.getOrDefault(id, 0);
                assertThat(row.job().state() == JobState.COMPLETED).as(id).isEqualTo(done == 1);
                assertThat(done).as(id).isLessThanOrEqualTo(1);
                assertThat(row.job().attempt())
                        .as(id)
                        .isEqualTo(begun.getOrDefault(id, 0) - givenBack.getOrDefault(id, 0))
                        .isLessThanOrEqualTo(ATTEMPTS);
            }
            assertThat(store.queue().now().waiting().stream().map(QueueRows.QueuePlace::id))
                    .doesNotHaveDuplicates();
        }

        /// All workers die, and one that does its work comes.
        void finish(JobStore store, TestStores.Clock clock) {
            WorkQueue work = store.work(StoredJobs.LEASE, ATTEMPTS);
            store.queue().pause(false);
            clock.forward(StoredJobs.LEASE.plusSeconds(1));
            work.sweep(StoredJobs.INTERRUPTED, Optional.empty());
            for (Optional<WorkQueue.Claim> claim = work.claim("last"); claim.isPresent(); claim = work.claim("last")) {
                begun.merge(claim.get().id(), 1, Integer::sum);
                assertThat(work.complete(claim.get(), OUTCOME)).isTrue();
                completed.merge(claim.get().id(), 1, Integer::sum);
            }
            check(store);
            for (String id : accepted) {
                if (!deleted.contains(id)) {
                    assertThat(store.find(id).orElseThrow().job().state().isOver())
                            .as(id)
                            .isTrue();
                }
            }
        }
    }
}
