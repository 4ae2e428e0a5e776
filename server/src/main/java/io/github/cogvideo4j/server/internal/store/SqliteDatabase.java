package io.github.cogvideo4j.server.internal.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.flywaydb.core.api.FlywayException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/// One file of SQLite: a connection that writes, guarded by a lock, and a few that read beside it. Every change is on
/// the disk when it is done (`synchronous=FULL`).
final class SqliteDatabase implements Database {
    private static final int READERS = 4;
    private static final int PATIENCE_MILLIS = 5_000;

    private final Path file;
    private final ReentrantLock writing = new ReentrantLock(true);
    private final Connection writer;
    private final List<Connection> all = new ArrayList<>();
    private final BlockingQueue<Connection> readers = new ArrayBlockingQueue<>(READERS);

    SqliteDatabase(Path file) {
        this.file = file;
        SQLiteDataSource source = source(file);
        try {
            Database.migrate(source);
            writer = source.getConnection();
            for (int i = 0; i < READERS; i++) {
                Connection reader = source.getConnection();
                all.add(reader);
                readers.add(reader);
            }
        } catch (SQLException | FlywayException e) {
            close();
            throw new StoreException(e);
        }
    }

    private static SQLiteDataSource source(Path file) {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setBusyTimeout(PATIENCE_MILLIS);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file.toAbsolutePath());
        return source;
    }

    @Override
    public <T> T read(Transaction<T> work) {
        Connection connection;
        try {
            connection = readers.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(e);
        }
        try {
            return work.in(connection);
        } catch (SQLException e) {
            throw new StoreException(e);
        } finally {
            readers.add(connection);
        }
    }

    @Override
    public <T> T write(Transaction<T> work) {
        writing.lock();
        try {
            // By hand: with auto-commit off the driver would begin the next transaction, and keep the lock, at once.
            execute("begin immediate");
            boolean done = false;
            try {
                T result = work.in(writer);
                execute("commit");
                done = true;
                return result;
            } finally {
                if (!done) {
                    rollBack();
                }
            }
        } catch (SQLException e) {
            throw new StoreException(e);
        } finally {
            writing.unlock();
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = writer.createStatement()) {
            statement.execute(sql);
        }
    }

    /// SQLite has rolled back by itself after some errors, such as a full disk.
    private void rollBack() {
        try {
            execute("rollback");
        } catch (SQLException _) {
            // There is nothing to roll back, or the next transaction says what is wrong.
        }
    }

    @Override
    public String lockedRow() {
        return "";
    }

    @Override
    public long bytes() {
        try {
            Path log = file.resolveSibling(file.getFileName() + "-wal");
            return Files.size(file) + (Files.exists(log) ? Files.size(log) : 0);
        } catch (IOException e) {
            throw new StoreException(e);
        }
    }

    @Override
    @SuppressWarnings("NullAway") // the writer may not be there when the constructor fails
    public void close() {
        writing.lock();
        try {
            for (Connection reader : all) {
                reader.close();
            }
            if (writer != null) {
                writer.close();
            }
        } catch (SQLException e) {
            throw new StoreException(e);
        } finally {
            writing.unlock();
        }
    }
}
