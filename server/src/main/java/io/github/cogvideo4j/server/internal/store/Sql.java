package io.github.cogvideo4j.server.internal.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// Statements with their arguments. Optional values become null where they are empty, times milliseconds, enums their
/// names.
final class Sql {
    private Sql() {}

    /// Makes something of a row.
    @FunctionalInterface
    interface Mapping<T> {
        T of(ResultSet row) throws SQLException;
    }

    static int update(Connection connection, String sql, Object... arguments) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, arguments);
            return statement.executeUpdate();
        }
    }

    static <T> List<T> all(Connection connection, String sql, Mapping<T> mapping, Object... arguments)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, arguments);
            List<T> rows = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    rows.add(mapping.of(row));
                }
            }
            return rows;
        }
    }

    static <T> Optional<T> first(Connection connection, String sql, Mapping<T> mapping, Object... arguments)
            throws SQLException {
        return all(connection, sql, mapping, arguments).stream().findFirst();
    }

    /// The number that a statement gives.
    static long number(Connection connection, String sql, Object... arguments) throws SQLException {
        return first(connection, sql, row -> row.getLong(1), arguments).orElse(0L);
    }

    private static void bind(PreparedStatement statement, Object... arguments) throws SQLException {
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case Optional<?> value when value.isPresent() -> statement.setObject(i + 1, plain(value.get()));
                case OptionalLong value when value.isPresent() -> statement.setLong(i + 1, value.getAsLong());
                case OptionalInt value when value.isPresent() -> statement.setInt(i + 1, value.getAsInt());
                case Optional<?> _, OptionalLong _, OptionalInt _ -> statement.setObject(i + 1, null);
                default -> statement.setObject(i + 1, plain(arguments[i]));
            }
        }
    }

    private static Object plain(Object value) {
        return switch (value) {
            case Instant time -> time.toEpochMilli();
            case Enum<?> constant -> constant.name();
            default -> value;
        };
    }

    static Optional<Instant> time(ResultSet row, String column) throws SQLException {
        OptionalLong millis = optionalLong(row, column);
        return millis.isPresent() ? Optional.of(Instant.ofEpochMilli(millis.getAsLong())) : Optional.empty();
    }

    static OptionalLong optionalLong(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }

    static OptionalInt optionalInt(ResultSet row, String column) throws SQLException {
        int value = row.getInt(column);
        return row.wasNull() ? OptionalInt.empty() : OptionalInt.of(value);
    }

    static Optional<String> text(ResultSet row, String column) throws SQLException {
        return Optional.ofNullable(row.getString(column));
    }
}
