package io.github.cogvideo4j.server.internal.store;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// The rows of jobs as far as they say which files there are.
public final class FileRows {
    /// How long is known that files expired, and that a job was deleted: whoever asks is told so, and streams of events
    /// that are resumed learn of it.
    private static final Duration MEMORY = Duration.ofDays(30);

    private final Database database;
    private final InstantSource clock;

    FileRows(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// The attempts whose folders belong to a job: those that are running, and those that were completed.
    ///
    /// @return names of folders, `ID-ATTEMPT`
    public Set<String> folders() {
        return database.read(connection -> new HashSet<>(Sql.all(
                connection,
                "select id, attempt from job where state in ('IN_PROGRESS', 'COMPLETED')",
                row -> row.getString(1) + "-" + row.getInt(2))));
    }

    /// The uploads that jobs name which clients can see.
    public Set<String> uploads() {
        return database.read(connection -> {
            Set<String> names = new HashSet<>();
            Sql.all(
                            connection,
                            "select inputs from job where state not in ('EXPIRED', 'DELETED') and inputs <> ''",
                            row -> StoredJob.names(row.getString(1)))
                    .forEach(names::addAll);
            return names;
        });
    }

    /// Whether a job that is not gone names an upload.
    public boolean isUsed(String upload) {
        return uploads().contains(upload);
    }

    /// The jobs that are completed.
    public List<StoredJob> completed() {
        return database.read(
                connection -> Sql.all(connection, "select * from job where state = 'COMPLETED'", StoredJob::of));
    }

    /// Lets a completed job fail whose files are not there.
    public void lost(String id, String code, String message) {
        database.write(connection -> Sql.update(connection, """
                update job set state = 'FAILED', error_code = ?, error_message = ?, file_bytes = 0, change = ?
                where id = ? and state = 'COMPLETED'
                """, code, message, JobStore.change(connection), id));
    }

    /// Notes that files were made of a completed job's video.
    ///
    /// @param bytes the size of all files of the attempt
    public void resize(String id, int attempt, long bytes) {
        database.write(connection -> Sql.update(
                connection,
                "update job set file_bytes = ? where id = ? and attempt = ? and state = 'COMPLETED'",
                bytes,
                id,
                attempt));
    }

    /// The size of all files of finished jobs.
    public long bytes() {
        return database.read(connection -> Sql.number(connection, "select coalesce(sum(file_bytes), 0) from job"));
    }

    /// Lets jobs expire whose time has come, and the oldest ones while all files are larger than a quota.
    ///
    /// @return the jobs whose files are to go
    public List<StoredJob> expire(OptionalLong quota) {
        Instant now = clock.instant();
        List<StoredJob> due = new ArrayList<>(database.read(connection -> Sql.all(
                connection,
                "select * from job where state in ('COMPLETED', 'FAILED') and expires_at < ?",
                StoredJob::of,
                now)));
        if (quota.isPresent()) {
            due.addAll(surplus(quota.getAsLong(), due));
        }
        List<StoredJob> expired = new ArrayList<>();
        for (StoredJob row : due) {
            int changed = database.write(connection -> Sql.update(
                    connection, """
                    update job set state = case when state = 'COMPLETED' then 'EXPIRED' else 'DELETED' end,
                        gone_at = ?, idempotency_key = null, file_bytes = 0, change = ?
                    where id = ? and state in ('COMPLETED', 'FAILED')
                    """, now, JobStore.change(connection), row.job().id()));
            if (changed == 1) {
                expired.add(row);
            }
        }
        if (database.read(connection ->
                        Sql.number(connection, "select count(*) from job where gone_at < ?", now.minus(MEMORY)))
                > 0) {
            database.write(
                    connection -> Sql.update(connection, "delete from job where gone_at < ?", now.minus(MEMORY)));
        }
        return expired;
    }

    /// The completed jobs that do not fit into a quota beside all newer ones.
    private List<StoredJob> surplus(long quota, List<StoredJob> due) {
        Set<String> going = new HashSet<>();
        due.forEach(row -> going.add(row.job().id()));
        record Sized(StoredJob row, long bytes) {}
        long bytes = 0;
        List<StoredJob> surplus = new ArrayList<>();
        for (Sized newest : database.read(connection -> Sql.all(
                connection,
                "select * from job where state = 'COMPLETED' order by completed_at desc, number desc",
                row -> new Sized(StoredJob.of(row), row.getLong("file_bytes"))))) {
            if (going.contains(newest.row().job().id())) {
                continue;
            }
            bytes += newest.bytes();
            if (bytes > quota) {
                surplus.add(newest.row());
            }
        }
        return surplus;
    }
}
