package io.github.cogvideo4j.server.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.io.TempDir;

/// Jobs to be put into stores, and what is done with them.
abstract class StoredJobs {
    static final Job.Made MADE = new Job.Made(32, 16, 9, 8, 4, "CogVideoXDDIMScheduler");

    static final Job.JobError INTERRUPTED = new Job.JobError("interrupted", "The server was stopped.");

    static final Job.JobError CANCELLED = new Job.JobError("cancelled", "The job was cancelled.");

    static final Duration LEASE = Duration.ofSeconds(60);

    static final Duration MUCH_WORK = Duration.ofDays(100);

    @TempDir
    Path folder;

    static VideoRequest request(String prompt) {
        return new VideoRequest(
                "tiny",
                GenerationKind.T2V,
                prompt,
                Optional.empty(),
                GenerationSettings.defaults(),
                Optional.empty(),
                List.of(),
                7,
                Map.of(),
                0,
                OptionalInt.empty(),
                Optional.empty());
    }

    static JobStore.NewJob job(String id, String owner, Optional<String> key, int priority) {
        return new JobStore.NewJob(
                id,
                new Jobs.Submission(owner, request("a cat, job " + id), Job.Operation.CREATE, key, priority),
                "print of " + id,
                MADE,
                "tiny 32x16x9",
                "",
                OptionalLong.of(1_000));
    }

    static List<String> claimed(WorkQueue work, int most) {
        return work.claim("w", _ -> most).stream().map(WorkQueue.Claim::id).toList();
    }

    static Job put(JobStore store, String id, String owner) {
        return store.insert(job(id, owner, Optional.empty(), 0), 1_000, MUCH_WORK)
                .job();
    }

    static WorkQueue.Outcome outcome() {
        return new WorkQueue.Outcome(MADE, Optional.of(new Job.Sprites(3, 3, 9)), 100, Optional.empty());
    }

    static List<String> ids(List<StoredJob> rows) {
        return rows.stream().map(row -> row.job().id()).toList();
    }

    static void assertRefused(Reason reason, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        JobRefusedException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(reason));
    }

    static void putForPass(JobStore store, String id, String owner, String passKey, int priority) {
        JobStore.NewJob plain = job(id, owner, Optional.empty(), priority);
        store.insert(
                new JobStore.NewJob(
                        id,
                        plain.submission(),
                        plain.fingerprint(),
                        plain.made(),
                        plain.shape(),
                        passKey,
                        plain.workMillis()),
                1_000,
                MUCH_WORK);
    }
}
