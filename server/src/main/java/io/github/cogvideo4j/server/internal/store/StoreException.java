package io.github.cogvideo4j.server.internal.store;

/// A failure of the database: it cannot be reached, its disk is full, its file is damaged.
public final class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// @param cause what the database's driver says
    public StoreException(Exception cause) {
        super(String.valueOf(cause.getMessage()), cause);
    }
}
