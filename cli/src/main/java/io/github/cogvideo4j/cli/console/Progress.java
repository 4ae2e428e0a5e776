package io.github.cogvideo4j.cli.console;

/// The progress of a long job. Safe to advance from several threads.
public interface Progress extends AutoCloseable {
    /// More has been done.
    ///
    /// @param amount in the unit that the progress was begun with
    void advance(long amount);

    /// Shows something more beside the bar: the time of a step, the memory.
    void detail(String text);

    /// Takes the bar off the screen.
    @Override
    void close();

    /// What is counted.
    enum Unit {
        /// Bytes, shown in decimal megabytes.
        BYTES,
        /// Things, shown one by one.
        ITEMS
    }
}
