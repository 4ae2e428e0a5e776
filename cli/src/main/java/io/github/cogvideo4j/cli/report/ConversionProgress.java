package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.Progress;
import io.github.cogvideo4j.cli.console.Console;
import java.util.Optional;

/// Shows the phases of a long job one after the other.
public final class ConversionProgress implements Progress, AutoCloseable {
    private final Console console;
    private volatile Optional<io.github.cogvideo4j.cli.console.Progress> bar = Optional.empty();

    /// @param console where the bars are drawn
    public ConversionProgress(Console console) {
        this.console = console;
    }

    @Override
    public void begin(Phase phase, long totalBytes) {
        close();
        String key = switch (phase) {
            case WRITING -> "cli.progress.writing";
            case BASE_FILES -> "cli.progress.base-files";
            case VERIFYING -> "cli.progress.verifying";
            case READING -> "cli.progress.reading";
        };
        bar = Optional.of(console.progress(key, totalBytes, io.github.cogvideo4j.cli.console.Progress.Unit.BYTES));
    }

    @Override
    public void advance(long bytes) {
        bar.ifPresent(shown -> shown.advance(bytes));
    }

    @Override
    public void close() {
        bar.ifPresent(io.github.cogvideo4j.cli.console.Progress::close);
        bar = Optional.empty();
    }
}
