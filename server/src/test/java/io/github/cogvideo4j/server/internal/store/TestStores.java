package io.github.cogvideo4j.server.internal.store;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/// The databases that the tests of the store run on, each a new one.
public enum TestStores {
    /// A file.
    SQLITE {
        @Override
        public Optional<String> fresh() {
            return Optional.empty();
        }
    },
    /// A schema of its own in the database of [#URL_VARIABLE].
    POSTGRES {
        @Override
        public Optional<String> fresh() throws SQLException {
            assumeThere();
            String url = System.getenv(URL_VARIABLE);
            String schema = "t" + UUID.randomUUID().toString().replace("-", "").toLowerCase(Locale.ROOT);
            try (Connection connection = DriverManager.getConnection(url);
                    Statement statement = connection.createStatement()) {
                statement.execute("create schema " + schema);
            }
            return Optional.of(url + "&currentSchema=" + schema);
        }

        @Override
        public void assumeThere() {
            assumeTrue(
                    System.getenv(URL_VARIABLE) != null,
                    () -> "No PostgreSQL: run this with scripts/postgres.sh, which sets " + URL_VARIABLE);
        }
    };

    /// A JDBC URL with at least one parameter.
    static final String URL_VARIABLE = "COGVIDEO4J_TEST_POSTGRES";

    /// Skips a test that the machine has no such database for.
    public void assumeThere() {}

    /// The URL of an empty database, none for a file.
    public abstract Optional<String> fresh() throws SQLException;

    /// A clock that stands still until it is moved.
    static final class Clock implements InstantSource {
        private Instant now = Instant.ofEpochSecond(1_800_000_000);

        @Override
        public synchronized Instant instant() {
            return now;
        }

        synchronized void forward(Duration time) {
            now = now.plus(time);
        }
    }

    /// A database with a clock; it can be opened several times, as several servers do.
    ///
    /// @param url  where it is, a file when empty
    /// @param file the file
    record Place(Optional<String> url, Path file, Clock clock) {
        JobStore open() {
            return JobStore.open(url, file, clock);
        }
    }

    Place place(Path folder) throws SQLException {
        return new Place(fresh(), folder.resolve("jobs.db"), new Clock());
    }
}
