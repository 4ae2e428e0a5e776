package io.github.cogvideo4j.server.internal.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import org.flywaydb.core.api.FlywayException;

/// A database of PostgreSQL, which several servers may share.
final class PostgresDatabase implements Database {
    private static final int CONNECTIONS = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int TRIES = 5;
    /// Serialization failure and deadlock: the transaction did nothing and may be tried again.
    private static final Set<String> AGAIN = Set.of("40001", "40P01");

    private final HikariDataSource source;

    PostgresDatabase(String url) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(CONNECTIONS);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(PATIENCE.toMillis());
        config.setAutoCommit(false);
        config.setPoolName("jobs");
        try {
            source = new HikariDataSource(config);
        } catch (RuntimeException e) {
            throw new StoreException(e);
        }
        try {
            Database.migrate(source);
        } catch (FlywayException e) {
            source.close();
            throw new StoreException(e);
        }
    }

    @Override
    public <T> T read(Transaction<T> work) {
        return write(work);
    }

    @Override
    public <T> T write(Transaction<T> work) {
        for (int attempt = 1; ; attempt++) {
            try {
                return once(work);
            } catch (SQLException e) {
                if (attempt >= TRIES || !AGAIN.contains(String.valueOf(e.getSQLState()))) {
                    throw new StoreException(e);
                }
            }
        }
    }

    private <T> T once(Transaction<T> work) throws SQLException {
        try (Connection connection = source.getConnection()) {
            boolean done = false;
            try {
                T result = work.in(connection);
                connection.commit();
                done = true;
                return result;
            } finally {
                if (!done && !connection.isClosed()) {
                    connection.rollback();
                }
            }
        }
    }

    @Override
    public String lockedRow() {
        return " for update skip locked";
    }

    @Override
    public long bytes() {
        return read(connection -> {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("select pg_total_relation_size('job')")) {
                row.next();
                return row.getLong(1);
            }
        });
    }

    @Override
    public void close() {
        source.close();
    }
}
