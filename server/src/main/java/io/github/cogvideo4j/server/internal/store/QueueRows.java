package io.github.cogvideo4j.server.internal.store;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The rows of jobs that wait, in the order in which they are handed out: by priority, then by rank.
public final class QueueRows {
    private final Database database;

    QueueRows(Database database) {
        this.database = database;
    }

    /// A job's place in the queue.
    ///
    /// @param workMillis how long it takes, 0 when that is not known
    public record QueuePlace(String id, String owner, int priority, long rank, long workMillis) {}

    /// The whole queue.
    ///
    /// @param change    the last change when it was looked at
    /// @param paused    whether nothing is handed out
    /// @param waiting   in the order in which jobs are handed out
    /// @param running   how many are being worked on
    /// @param leftMillis what the running ones will take still
    /// @param oldest    when the one came that waits the longest
    public record Queue(
            long change,
            boolean paused,
            List<QueuePlace> waiting,
            int running,
            long leftMillis,
            Optional<Instant> oldest) {
        /// Copies the list.
        public Queue {
            waiting = List.copyOf(waiting);
        }
    }

    /// The queue as it is.
    public Queue now() {
        return database.read(connection -> {
            // The number first: what is looked at later is at least as new.
            long change = JobStore.lastChange(connection);
            return new Queue(
                    change,
                    Sql.number(connection, "select value from counter where name = 'paused'") != 0,
                    places(connection),
                    (int) Sql.number(connection, "select count(*) from job where state = 'IN_PROGRESS'"),
                    Sql.number(connection, "select coalesce(sum(left_ms), 0) from job where state = 'IN_PROGRESS'"),
                    Sql.first(
                                    connection,
                                    "select min(created_at) as oldest from job where state = 'QUEUED'",
                                    row -> Sql.time(row, "oldest"))
                            .flatMap(time -> time));
        });
    }

    private static List<QueuePlace> places(Connection connection) throws SQLException {
        return Sql.all(
                connection,
                """
                select id, owner, priority, rank, work_ms from job where state = 'QUEUED'
                order by priority desc, rank
                """,
                row -> new QueuePlace(
                        row.getString(1), row.getString(2), row.getInt(3), row.getLong(4), row.getLong(5)));
    }

    /// Moves a queued job to the place among its owner's jobs that is nearest to one in the whole queue.
    public void move(String owner, String id, int position) {
        database.write(connection -> {
            long change = JobStore.change(connection);
            if (JobStore.owned(connection, owner, id).job().state() != JobState.QUEUED) {
                throw new JobRefusedException(Reason.NOT_QUEUED, Message.of("server.job.not-queued", id));
            }
            List<QueuePlace> queue = places(connection);
            List<QueuePlace> own =
                    queue.stream().filter(place -> place.owner().equals(owner)).toList();
            List<Integer> positions = new ArrayList<>();
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < queue.size(); i++) {
                if (queue.get(i).owner().equals(owner)) {
                    positions.add(i + 1);
                    ids.add(queue.get(i).id());
                }
            }
            ids.remove(id);
            ids.add(nearest(positions, position), id);
            for (int i = 0; i < own.size(); i++) {
                Sql.update(
                        connection,
                        "update job set priority = ?, rank = ?, change = ? where id = ?",
                        own.get(i).priority(),
                        own.get(i).rank(),
                        change,
                        ids.get(i));
            }
            JobStore.queueChanged(connection, change);
            return true;
        });
    }

    private static int nearest(List<Integer> positions, int wanted) {
        int best = 0;
        for (int i = 1; i < positions.size(); i++) {
            if (Math.abs((long) positions.get(i) - wanted) < Math.abs((long) positions.get(best) - wanted)) {
                best = i;
            }
        }
        return best;
    }

    /// Stops or resumes handing out jobs.
    public void pause(boolean paused) {
        database.write(connection -> {
            long change = JobStore.change(connection);
            Sql.update(connection, "update counter set value = ? where name = 'paused'", paused ? 1 : 0);
            JobStore.queueChanged(connection, change);
            return true;
        });
    }

    /// The number of the last change of the queue: jobs that came, went or moved, a pause.
    public long lastChange() {
        return database.read(connection -> Sql.number(connection, "select value from counter where name = 'queue'"));
    }
}
