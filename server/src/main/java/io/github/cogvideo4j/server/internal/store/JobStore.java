package io.github.cogvideo4j.server.internal.store;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.server.internal.job.EngineStatus;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/// The table of jobs as clients see and change it. What workers do with it is a [WorkQueue].
///
/// Every change takes the next number of one counter within its transaction, so the numbers are in the order in which
/// changes become visible, on all servers: who has seen a number has seen all changes before it.
public final class JobStore implements AutoCloseable {
    /// What a running job is told at its next heartbeat.
    static final int WISH_CANCEL = 1;

    private final Database database;
    private final InstantSource clock;

    private JobStore(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Opens the store of a URL, or the file where there is none.
    ///
    /// @throws StoreException when it cannot be opened
    public static JobStore open(Optional<String> url, Path file, InstantSource clock) {
        return new JobStore(Database.open(url, file), clock);
    }

    /// The same store for workers.
    public WorkQueue work(Duration lease, int attempts) {
        return new WorkQueue(database, clock, lease, attempts);
    }

    /// What jobs took.
    public Timings timings() {
        return new Timings(database);
    }

    /// The rows whose files come and go.
    public FileRows files() {
        return new FileRows(database, clock);
    }

    /// The jobs that wait.
    public QueueRows queue() {
        return new QueueRows(database);
    }

    /// A job that is to be stored.
    ///
    /// @param id             a new one
    /// @param submission     who wants what
    /// @param fingerprint    the same for the same wish
    /// @param made           the sizes
    /// @param shape          what jobs that take the same time have in common
    /// @param passKey        the same for jobs that one pass can make, or empty
    /// @param workMillis     how long it takes, if known
    public record NewJob(
            String id,
            Jobs.Submission submission,
            String fingerprint,
            Job.Made made,
            String shape,
            String passKey,
            OptionalLong workMillis) {}

    /// Stores a job, unless it is there under its idempotency key.
    ///
    /// @param maxQueue the most that wait
    /// @param maxWork  the most work that waits
    /// @throws JobRefusedException `QUEUE_FULL`, `KEY_REUSED`
    public Jobs.Submitted insert(NewJob job, int maxQueue, Duration maxWork) {
        Jobs.Submission submission = job.submission();
        return database.write(connection -> {
            long change = change(connection);
            Optional<Jobs.Submitted> earlier = earlier(connection, job);
            if (earlier.isPresent()) {
                return earlier.get();
            }
            requireRoom(connection, maxQueue, maxWork);
            VideoRequest request = submission.request();
            Sql.update(
                    connection,
                    """
                    insert into job (id, owner, state, operation, request, inputs, prompt, fingerprint,
                        idempotency_key, width, height, frames, fps, step_count, scheduler, shape, pass_key,
                        work_ms, created_at, not_before, priority, rank, number, attempt, wish, percent, piece, pieces,
                        file_bytes, change)
                    values (?, ?, 'QUEUED', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, 0, 0, 0, 0, 0, 0, ?)
                    """,
                    job.id(),
                    submission.owner(),
                    submission.operation(),
                    request.toJson().toString(),
                    String.join(" ", request.inputs().values()),
                    request.prompt(),
                    job.fingerprint(),
                    submission.idempotencyKey(),
                    job.made().width(),
                    job.made().height(),
                    job.made().frames(),
                    job.made().framesPerSecond(),
                    job.made().steps(),
                    job.made().scheduler(),
                    job.shape(),
                    job.passKey(),
                    job.workMillis().orElse(0),
                    clock.instant(),
                    submission.priority(),
                    change,
                    change,
                    change);
            queueChanged(connection, change);
            return new Jobs.Submitted(row(connection, job.id()).orElseThrow().job(), false);
        });
    }

    /// The job that came with the same idempotency key before.
    private static Optional<Jobs.Submitted> earlier(Connection connection, NewJob job) throws SQLException {
        if (job.submission().idempotencyKey().isEmpty()) {
            return Optional.empty();
        }
        Object[] key = {job.submission().owner(), job.submission().idempotencyKey()};
        Optional<StoredJob> row =
                Sql.first(connection, "select * from job where owner = ? and idempotency_key = ?", StoredJob::of, key);
        if (row.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> before = Sql.first(
                connection,
                "select fingerprint from job where owner = ? and idempotency_key = ?",
                found -> found.getString(1),
                key);
        if (!before.equals(Optional.of(job.fingerprint()))) {
            throw new JobRefusedException(Reason.KEY_REUSED, Message.of("server.job.key-reused"));
        }
        return Optional.of(new Jobs.Submitted(row.get().job(), true));
    }

    private static void requireRoom(Connection connection, int maxQueue, Duration maxWork) throws SQLException {
        long waiting = Sql.number(connection, "select count(*) from job where state = 'QUEUED'");
        long work = Sql.number(connection, "select coalesce(sum(work_ms), 0) from job where state = 'QUEUED'");
        if (waiting >= maxQueue || work > maxWork.toMillis()) {
            long running = Sql.number(
                    connection,
                    "select coalesce(min(left_ms), ?) from job where state = 'IN_PROGRESS'",
                    Duration.ofSeconds(30).toMillis());
            long patience = Math.clamp(running / 1_000, 1, Duration.ofHours(1).toSeconds());
            throw new JobRefusedException(
                    Reason.QUEUE_FULL,
                    Message.of("server.job.queue-full", waiting),
                    Optional.of(Duration.ofSeconds(patience)));
        }
    }

    /// A job, whoever's it is; one that was deleted is not found.
    public Optional<StoredJob> find(String id) {
        return database.read(
                connection -> row(connection, id).filter(row -> row.job().state() != JobState.DELETED));
    }

    static Optional<StoredJob> row(Connection connection, String id) throws SQLException {
        return Sql.first(connection, "select * from job where id = ?", StoredJob::of, id);
    }

    /// Jobs of an owner by their creation, one more than asked for where there are more.
    ///
    /// @throws JobRefusedException `NOT_FOUND` when the job to list after does not exist
    public List<StoredJob> list(String owner, Jobs.ListQuery query) {
        return database.read(connection -> {
            List<Object> arguments = new ArrayList<>(List.of(owner));
            StringBuilder sql =
                    new StringBuilder("select * from job where owner = ? and state not in ('EXPIRED', 'DELETED')");
            if (query.after().isPresent()) {
                long number = Sql.first(
                                connection,
                                "select number from job where owner = ? and id = ? and state <> 'DELETED'",
                                row -> row.getLong(1),
                                owner,
                                query.after().get())
                        .orElseThrow(() -> notFound(query.after().get()));
                sql.append(query.ascending() ? " and number > ?" : " and number < ?");
                arguments.add(number);
            }
            if (query.text().isPresent()) {
                for (String word :
                        query.text().get().toLowerCase(Locale.ROOT).strip().split("\\s+", -1)) {
                    sql.append(" and lower(prompt) like ? escape '!'");
                    arguments.add(
                            "%" + word.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%");
                }
            }
            sql.append(" order by number ")
                    .append(query.ascending() ? "asc" : "desc")
                    .append(" limit ?");
            arguments.add(query.limit() + 1);
            return Sql.all(connection, sql.toString(), StoredJob::of, arguments.toArray());
        });
    }

    /// Ends a job: a queued one at once, a running one when its worker learns of it.
    ///
    /// @return the state it was in
    public JobState cancel(String owner, String id, Job.JobError error, Optional<Instant> expires) {
        return database.write(connection -> {
            long change = change(connection);
            JobState state = owned(connection, owner, id).job().state();
            if (state == JobState.QUEUED) {
                Sql.update(connection, """
                        update job set state = 'FAILED', error_code = ?, error_message = ?, completed_at = ?,
                            expires_at = ?, change = ? where id = ?
                        """, error.code(), error.message(), clock.instant(), expires, change, id);
                queueChanged(connection, change);
            } else if (state == JobState.IN_PROGRESS) {
                Sql.update(connection, "update job set wish = ?, change = ? where id = ?", WISH_CANCEL, change, id);
            }
            return state;
        });
    }

    /// Marks a job as deleted, whatever it does; its worker learns of it.
    ///
    /// @return the job as it was, whose files are to go
    public StoredJob delete(String owner, String id) {
        return database.write(connection -> {
            long change = change(connection);
            StoredJob row = owned(connection, owner, id);
            Sql.update(connection, """
                    update job set state = 'DELETED', idempotency_key = null, gone_at = ?, change = ?, file_bytes = 0
                    where id = ?
                    """, clock.instant(), change, id);
            queueChanged(connection, change);
            return row;
        });
    }

    /// The number of the last change.
    public long lastChange() {
        return database.read(JobStore::lastChange);
    }

    /// An owner's jobs that changed after a number, in the order of the changes; deleted ones are among them.
    public List<StoredJob> changed(String owner, long after) {
        return database.read(connection -> Sql.all(
                connection,
                "select * from job where owner = ? and change > ? order by change",
                StoredJob::of,
                owner,
                after));
    }

    /// An owner's jobs that wait or run.
    public List<StoredJob> active(String owner) {
        return database.read(connection -> Sql.all(
                connection,
                "select * from job where owner = ? and state in ('QUEUED', 'IN_PROGRESS') order by change",
                StoredJob::of,
                owner));
    }

    /// How many jobs there are in each state.
    public EngineStatus.Counts counts() {
        return database.read(connection -> new EngineStatus.Counts(
                count(connection, JobState.QUEUED),
                count(connection, JobState.IN_PROGRESS),
                count(connection, JobState.COMPLETED),
                count(connection, JobState.FAILED)));
    }

    private static long count(Connection connection, JobState state) throws SQLException {
        return Sql.number(connection, "select count(*) from job where state = ?", state);
    }

    /// Whether a change can be made; nothing is seen of it.
    public boolean isWritable() {
        try {
            return database.write(connection ->
                    Sql.update(connection, "update counter set value = value where name = 'paused'") == 1);
        } catch (StoreException _) {
            return false;
        }
    }

    /// The size on the disk.
    public long bytes() {
        return database.bytes();
    }

    static StoredJob owned(Connection connection, String owner, String id) throws SQLException {
        return row(connection, id)
                .filter(row -> row.job().owner().equals(owner) && row.job().state() != JobState.DELETED)
                .orElseThrow(() -> notFound(id));
    }

    /// The refusal of a job that does not exist for whoever asks.
    public static JobRefusedException notFound(String id) {
        return new JobRefusedException(Reason.NOT_FOUND, Message.of("server.job.not-found", id));
    }

    /// The number of a change that is being made. Other changes wait until it is done.
    static long change(Connection connection) throws SQLException {
        Sql.update(connection, "update counter set value = value + 1 where name = 'change'");
        return lastChange(connection);
    }

    static void queueChanged(Connection connection, long change) throws SQLException {
        Sql.update(connection, "update counter set value = ? where name = 'queue'", change);
    }

    static long lastChange(Connection connection) throws SQLException {
        return Sql.number(connection, "select value from counter where name = 'change'");
    }

    @Override
    public void close() {
        database.close();
    }
}
