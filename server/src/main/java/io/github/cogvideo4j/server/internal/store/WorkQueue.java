package io.github.cogvideo4j.server.internal.store;

import io.github.cogvideo4j.server.internal.job.Job;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/// The table of jobs as workers see and change it.
///
/// A worker that claims a job has it for the time of a lease, which every heartbeat renews. When it falls silent, the
/// job is queued again, or has failed when it was begun often enough. Every change by a worker names itself and the
/// attempt: one that lost its lease changes nothing any more, so a result is published once.
public final class WorkQueue {
    /// What only the worker with this attempt may change.
    private static final String FENCE = " where id = ? and worker = ? and attempt = ? and state = 'IN_PROGRESS'";

    private final Database database;
    private final InstantSource clock;
    private final Duration lease;
    private final int attempts;

    WorkQueue(Database database, InstantSource clock, Duration lease, int attempts) {
        this.database = database;
        this.clock = clock;
        this.lease = lease;
        this.attempts = attempts;
    }

    /// A job that a worker has.
    ///
    /// @param row     the job, with the attempt that fences it
    /// @param worker  who has it
    public record Claim(StoredJob row, String worker) {
        /// The job's identifier.
        public String id() {
            return row.job().id();
        }

        /// Which attempt it is, counted from 1.
        public int attempt() {
            return row.job().attempt();
        }
    }

    /// What a worker learns at a heartbeat.
    public enum Wish {
        /// To go on.
        GO_ON,
        /// To stop: the client cancelled.
        CANCEL,
        /// To stop and touch nothing: the job was deleted, or it is another worker's.
        LOST
    }

    /// Hands out the first job of the queue, if there is one and the queue is not paused.
    ///
    /// @param worker a name that no other worker has, of this server or another one
    public Optional<Claim> claim(String worker) {
        return claim(worker, _ -> 1).stream().findFirst();
    }

    /// Hands out the first job of the queue, with those directly behind it that the same pass can make. A job that was
    /// begun before is handed out alone, so that one that ends its worker takes no other with it a second time.
    ///
    /// @param worker a name that no other worker has, of this server or another one
    /// @param most   how many jobs a pass that begins with a job may have
    /// @return none when nothing waits
    public List<Claim> claim(String worker, ToIntFunction<StoredJob> most) {
        if (database.read(this::nothingWaits)) {
            return List.of();
        }
        return database.write(connection -> {
            if (nothingWaits(connection)) {
                return List.<Claim>of();
            }
            Instant now = clock.instant();
            long change = JobStore.change(connection);
            List<Claim> claims = new ArrayList<>();
            for (StoredJob row : nextPass(connection, now, most)) {
                Sql.update(
                        connection,
                        """
                        update job set state = 'IN_PROGRESS', worker = ?, lease_until = ?, attempt = attempt + 1,
                            started_at = ?, percent = 0, phase = null, piece = 0, pieces = 0, preview = null,
                            left_ms = case when work_ms > 0 then work_ms else null end, wish = 0, change = ?
                        where state = 'QUEUED' and id = ?
                        """,
                        worker,
                        now.plus(lease),
                        now,
                        change,
                        row.job().id());
                claims.add(new Claim(JobStore.row(connection, row.job().id()).orElseThrow(), worker));
            }
            if (!claims.isEmpty()) {
                JobStore.queueChanged(connection, change);
            }
            return List.copyOf(claims);
        });
    }

    private List<StoredJob> nextPass(Connection connection, Instant now, ToIntFunction<StoredJob> most)
            throws SQLException {
        List<StoredJob> first = next(connection, now, 1);
        if (first.isEmpty() || !joins(first.getFirst(), first.getFirst())) {
            return first;
        }
        int jobs = most.applyAsInt(first.getFirst());
        return jobs <= 1
                ? first
                : next(connection, now, jobs).stream()
                        .takeWhile(row -> joins(first.getFirst(), row))
                        .toList();
    }

    private static boolean joins(StoredJob first, StoredJob row) {
        return !row.passKey().isEmpty()
                && row.passKey().equals(first.passKey())
                && row.job().attempt() == 0;
    }

    private List<StoredJob> next(Connection connection, Instant now, int jobs) throws SQLException {
        return Sql.all(connection, """
                select * from job where state = 'QUEUED' and not_before <= ? order by priority desc, rank limit ?
                """ + database.lockedRow(), StoredJob::of, now, jobs);
    }

    private boolean nothingWaits(Connection connection) throws SQLException {
        return Sql.number(connection, """
                        select count(*) from job where state = 'QUEUED' and not_before <= ?
                            and (select value from counter where name = 'paused') = 0
                        """, clock.instant()) == 0;
    }

    /// Renews a lease.
    ///
    /// @param progress how far the work is, when that is to be told now
    /// @param left     how long it takes still, when that can be told
    public Wish beat(Claim claim, Optional<Job.JobProgress> progress, Optional<Duration> left) {
        return database.write(connection -> {
            Instant until = clock.instant().plus(lease);
            int rows;
            if (progress.isPresent()) {
                Job.JobProgress now = progress.get();
                rows = Sql.update(
                        connection,
                        """
                        update job set lease_until = ?, percent = ?, phase = ?, piece = ?, pieces = ?, preview = ?,
                            left_ms = ?, change = ?""" + FENCE,
                        until,
                        now.percent(),
                        now.phase(),
                        now.step(),
                        now.steps(),
                        now.preview(),
                        left.map(Duration::toMillis),
                        JobStore.change(connection),
                        claim.id(),
                        claim.worker(),
                        claim.attempt());
            } else {
                rows = Sql.update(
                        connection,
                        "update job set lease_until = ?" + FENCE,
                        until,
                        claim.id(),
                        claim.worker(),
                        claim.attempt());
            }
            return rows == 1 ? wish(connection, claim.id()) : Wish.LOST;
        });
    }

    /// Whether a job is to go on, without renewing anything.
    public Wish wish(Claim claim) {
        return database.read(connection ->
                Sql.number(connection, "select count(*) from job" + FENCE, claim.id(), claim.worker(), claim.attempt())
                                == 1
                        ? wish(connection, claim.id())
                        : Wish.LOST);
    }

    private static Wish wish(Connection connection, String id) throws SQLException {
        return Sql.number(connection, "select wish from job where id = ?", id) == JobStore.WISH_CANCEL
                ? Wish.CANCEL
                : Wish.GO_ON;
    }

    /// What a completed job has.
    ///
    /// @param made    what was made
    /// @param sprites how its spritesheet is divided
    /// @param bytes   the size of all its files
    /// @param expires when they go
    public record Outcome(Job.Made made, Optional<Job.Sprites> sprites, long bytes, Optional<Instant> expires) {}

    /// Publishes a result, whose files are in their place.
    ///
    /// @return whether it is published; not when the job is no longer this worker's, or was cancelled
    public boolean complete(Claim claim, Outcome outcome) {
        return database.write(connection -> Sql.update(
                        connection,
                        """
                        update job set state = 'COMPLETED', completed_at = ?, expires_at = ?, percent = 100,
                            phase = null, piece = 0, pieces = 0, left_ms = null, lease_until = null, width = ?,
                            height = ?, frames = ?, fps = ?, sprite_columns = ?, sprite_rows = ?, sprite_frames = ?,
                            file_bytes = ?, change = ?""" + FENCE + " and wish = 0",
                        clock.instant(),
                        outcome.expires(),
                        outcome.made().width(),
                        outcome.made().height(),
                        outcome.made().frames(),
                        outcome.made().framesPerSecond(),
                        outcome.sprites().map(Job.Sprites::columns),
                        outcome.sprites().map(Job.Sprites::rows),
                        outcome.sprites().map(Job.Sprites::frames),
                        outcome.bytes(),
                        JobStore.change(connection),
                        claim.id(),
                        claim.worker(),
                        claim.attempt())
                == 1);
    }

    /// Whether a worker's result is published: it may not have had the answer that said so.
    public boolean isPublished(Claim claim) {
        return database.read(connection -> Sql.number(
                        connection,
                        "select count(*) from job where id = ? and worker = ? and attempt = ? and state = 'COMPLETED'",
                        claim.id(),
                        claim.worker(),
                        claim.attempt())
                == 1);
    }

    /// Ends a job without a result.
    ///
    /// @return whether it was this worker's still
    public boolean fail(Claim claim, Job.JobError error, Optional<Instant> expires) {
        return database.write(connection -> Sql.update(
                        connection,
                        """
                        update job set state = 'FAILED', error_code = ?, error_message = ?, completed_at = ?,
                            expires_at = ?, lease_until = null, left_ms = null, change = ?""" + FENCE,
                        error.code(),
                        error.message(),
                        clock.instant(),
                        expires,
                        JobStore.change(connection),
                        claim.id(),
                        claim.worker(),
                        claim.attempt())
                == 1);
    }

    /// Gives a job back as if it had not been begun: for a worker that has to stop.
    public boolean giveBack(Claim claim) {
        return database.write(connection -> {
            long change = JobStore.change(connection);
            JobStore.queueChanged(connection, change);
            return Sql.update(connection, """
                            update job set state = 'QUEUED', worker = null, lease_until = null,
                                attempt = attempt - 1, percent = 0, phase = null, piece = 0, pieces = 0,
                                preview = null, left_ms = null, change = ?""" + FENCE, change, claim.id(), claim.worker(), claim.attempt()) == 1;
        });
    }

    /// Takes jobs from workers that fell silent: they are queued again, at the place that they had, or have failed when
    /// they were begun often enough.
    ///
    /// @param error   why they failed
    /// @param expires when those that failed go
    /// @return how many there were
    public int sweep(Job.JobError error, Optional<Instant> expires) {
        return take("lease_until < ?", clock.instant(), error, expires);
    }

    /// The same for jobs of all workers, when none can be there: a store in a file has one server.
    public int sweepAll(Job.JobError error, Optional<Instant> expires) {
        return take("0 <= ?", 0, error, expires);
    }

    private int take(String condition, Object argument, Job.JobError error, Optional<Instant> expires) {
        String silent = " where state = 'IN_PROGRESS' and " + condition;
        if (database.read(connection -> Sql.number(connection, "select count(*) from job" + silent, argument)) == 0) {
            return 0;
        }
        return database.write(connection -> {
            long change = JobStore.change(connection);
            JobStore.queueChanged(connection, change);
            int cancelled =
                    Sql.update(connection, """
                    update job set state = 'FAILED', error_code = 'cancelled', error_message = '', completed_at = ?,
                        expires_at = ?, worker = null, lease_until = null, left_ms = null, change = ?""" + silent + " and wish <> 0", clock.instant(), expires, change, argument);
            int failed = Sql.update(
                    connection,
                    """
                    update job set state = 'FAILED', error_code = ?, error_message = ?, completed_at = ?,
                        expires_at = ?, worker = null, lease_until = null, left_ms = null, change = ?""" + silent + " and attempt >= ?",
                    error.code(),
                    error.message(),
                    clock.instant(),
                    expires,
                    change,
                    argument,
                    attempts);
            int again = Sql.update(connection, """
                    update job set state = 'QUEUED', worker = null, lease_until = null, percent = 0, phase = null,
                        piece = 0, pieces = 0, preview = null, left_ms = null, change = ?""" + silent, change, argument);
            return cancelled + failed + again;
        });
    }

    /// How long a lease is.
    public Duration lease() {
        return lease;
    }
}
