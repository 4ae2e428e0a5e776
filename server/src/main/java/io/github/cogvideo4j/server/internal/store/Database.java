package io.github.cogvideo4j.server.internal.store;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/// A database with the tables of this module.
sealed interface Database extends AutoCloseable permits SqliteDatabase, PostgresDatabase {
    /// The database of a URL, or the file in a folder, migrated to what this version knows.
    ///
    /// @throws StoreException when it cannot be opened
    static Database open(Optional<String> url, Path file) {
        return url.isPresent() ? new PostgresDatabase(url.get()) : new SqliteDatabase(file);
    }

    /// Looks something up.
    <T> T read(Transaction<T> work);

    /// Changes something: all of it, or nothing when the work throws.
    <T> T write(Transaction<T> work);

    /// What follows a subselect whose row is changed, so that two workers do not wait for each other.
    String lockedRow();

    /// The size on the disk.
    long bytes();

    @Override
    void close();

    /// Something that is done with a connection.
    @FunctionalInterface
    interface Transaction<T> {
        T in(Connection connection) throws SQLException;
    }

    /// Brings the tables to this version.
    static void migrate(DataSource source) {
        Flyway.configure(Database.class.getClassLoader())
                .dataSource(source)
                .locations("classpath:io/github/cogvideo4j/server/migration")
                .load()
                .migrate();
    }
}
