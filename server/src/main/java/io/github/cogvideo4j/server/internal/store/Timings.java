package io.github.cogvideo4j.server.internal.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// What jobs took, by their shape: a moving mean, in which the newest job counts a third.
public final class Timings {
    private static final double NEWEST = 1.0 / 3;

    private final Database database;

    Timings(Database database) {
        this.database = database;
    }

    /// What a job of a shape takes.
    ///
    /// @param before    until the first step: encoding, and what the first step takes longer than the others
    /// @param step      each step
    /// @param after     after the last step: decoding, files
    /// @param decode    how much of that is decoding, 0 when it is not known
    /// @param sameShape whether it was measured with jobs of the very shape, and not foretold from others
    public record Timing(Duration before, Duration step, Duration after, Duration decode, boolean sameShape) {
        /// The share of decoding in what comes after the steps, when it is known.
        public Optional<Double> decoding() {
            return decode.isPositive() && after.isPositive()
                    ? Optional.of(Math.min(1, (double) decode.toNanos() / after.toNanos()))
                    : Optional.empty();
        }

        /// A job with this number of steps.
        public Duration of(int steps) {
            return before.plus(step.multipliedBy(steps)).plus(after);
        }

        private Timing times(double factor) {
            return new Timing(
                    times(before, factor), times(step, factor), times(after, factor), times(decode, factor), false);
        }

        private static Duration times(Duration time, double factor) {
            return Duration.ofNanos(Math.round(time.toNanos() * factor));
        }
    }

    /// Notes what a job took.
    ///
    /// @param shape what jobs that take the same time have in common
    /// @param work  a measure by which shapes of a model compare: values that a step computes
    public void add(String shape, String model, double work, Timing timing) {
        database.write(connection -> {
            Optional<Timing> before =
                    Sql.first(connection, "select * from timing where shape = ?", Timings::timing, shape);
            Timing mean = before.map(old -> new Timing(
                            mean(old.before(), timing.before()),
                            mean(old.step(), timing.step()),
                            mean(old.after(), timing.after()),
                            old.decode().isZero() ? timing.decode() : mean(old.decode(), timing.decode()),
                            true))
                    .orElse(timing);
            Sql.update(
                    connection,
                    """
                    insert into timing (shape, model, work, before_ms, step_ms, after_ms, decode_ms, samples)
                    values (?, ?, ?, ?, ?, ?, ?, 1)
                    on conflict (shape) do update set before_ms = excluded.before_ms, step_ms = excluded.step_ms,
                        after_ms = excluded.after_ms, decode_ms = excluded.decode_ms, samples = timing.samples + 1
                    """,
                    shape,
                    model,
                    work,
                    millis(mean.before()),
                    millis(mean.step()),
                    millis(mean.after()),
                    millis(mean.decode()));
            return true;
        });
    }

    /// What a job will take: as those of its shape did, or in proportion to the nearest of the same model.
    public Optional<Timing> of(String shape, String model, double work) {
        return database.read(connection -> {
            Optional<Timing> same =
                    Sql.first(connection, "select * from timing where shape = ?", Timings::timing, shape);
            if (same.isPresent()) {
                return same;
            }
            record Other(double work, Timing timing) {}
            List<Other> others = Sql.all(
                    connection,
                    "select * from timing where model = ?",
                    row -> new Other(row.getDouble("work"), timing(row)),
                    model);
            return others.stream()
                    .filter(other -> other.work() > 0)
                    .min(Comparator.comparingDouble(other -> Math.abs(Math.log(other.work() / work))))
                    .map(other -> other.timing().times(work / other.work()));
        });
    }

    private static Timing timing(ResultSet row) throws SQLException {
        return new Timing(
                duration(row.getDouble("before_ms")),
                duration(row.getDouble("step_ms")),
                duration(row.getDouble("after_ms")),
                duration(row.getDouble("decode_ms")),
                true);
    }

    private static Duration mean(Duration old, Duration newest) {
        return duration(millis(old) * (1 - NEWEST) + millis(newest) * NEWEST);
    }

    private static double millis(Duration time) {
        return time.toNanos() / 1e6;
    }

    private static Duration duration(double millis) {
        return Duration.ofNanos(Math.round(millis * 1e6));
    }
}
