package io.github.cogvideo4j.server.internal.engine;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.server.internal.files.JobFiles;
import io.github.cogvideo4j.server.internal.job.EngineSettings;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.store.FileRows;
import io.github.cogvideo4j.server.internal.store.JobStore;
import io.github.cogvideo4j.server.internal.store.StoreException;
import io.github.cogvideo4j.server.internal.store.StoredJob;
import io.github.cogvideo4j.server.internal.store.WorkQueue;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What has to be done from time to time: jobs of silent workers, files that expire, files that belong to nothing.
final class Housekeeping implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration BETWEEN_EXPIRIES = Duration.ofMinutes(1);
    private static final Duration UPLOADS = Duration.ofHours(1);

    private final EngineSettings settings;
    private final WorkQueue work;
    private final JobFiles files;
    private final FileRows rows;
    private final InstantSource clock;
    private final JobMetrics metrics;
    private final Thread thread = Thread.ofVirtual().name("housekeeping").unstarted(this::keep);

    Housekeeping(
            EngineSettings settings,
            JobStore store,
            WorkQueue work,
            JobFiles files,
            InstantSource clock,
            JobMetrics metrics) {
        this.settings = settings;
        this.work = work;
        this.files = files;
        this.rows = store.files();
        this.clock = clock;
        this.metrics = metrics;
    }

    /// Puts in order what an earlier run left: jobs that it was working on, files without rows, rows without files.
    void begin() throws IOException {
        if (settings.storeUrl().isEmpty()) {
            work.sweepAll(interrupted(), expires()); // this server is the only one, and its worker has not begun
        } else {
            work.sweep(interrupted(), expires());
        }
        sweepFiles();
        for (StoredJob row : rows.completed()) {
            if (!files.isComplete(row.job().id(), row.job().attempt())) {
                rows.lost(
                        row.job().id(),
                        "files_missing",
                        Message.of("server.job.files-missing").text(Locale.ENGLISH));
            }
        }
        expire();
    }

    private void sweepFiles() throws IOException {
        // The files first: a row that is younger than they are is seen.
        List<String> there = files.attempts();
        files.sweep(there, rows.folders());
        files.sweepUploads(rows.uploads(), clock.instant().minus(UPLOADS));
    }

    private Job.JobError interrupted() {
        return new Job.JobError(
                "interrupted",
                Message.of("server.job.interrupted", settings.attempts()).text(Locale.ENGLISH));
    }

    private Optional<Instant> expires() {
        return settings.retention().map(clock.instant()::plus);
    }

    void start() {
        thread.start();
    }

    private void keep() {
        Instant expiry = Instant.MIN;
        while (!Thread.currentThread().isInterrupted()) {
            try {
                int silent = work.sweep(interrupted(), expires());
                if (silent > 0 || clock.instant().isAfter(expiry)) {
                    expire();
                    sweepFiles();
                    expiry = clock.instant().plus(BETWEEN_EXPIRIES);
                }
            } catch (StoreException | IOException e) {
                metrics.defect(e);
            }
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private void expire() {
        rows.expire(settings.quotaBytes()).forEach(this::remove);
    }

    /// Deletes the files of a job that is gone. What cannot be deleted now is swept later; what a worker is still
    /// writing it deletes itself.
    void remove(StoredJob row) {
        try {
            if (row.job().state() != JobState.IN_PROGRESS) {
                files.delete(row.job().id(), row.job().attempt());
            }
            if (!row.inputs().isEmpty()) {
                var used = rows.uploads();
                for (String upload : row.inputs()) {
                    if (!used.contains(upload)) {
                        files.deleteUpload(upload);
                    }
                }
            }
        } catch (IOException e) {
            metrics.defect(e);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
