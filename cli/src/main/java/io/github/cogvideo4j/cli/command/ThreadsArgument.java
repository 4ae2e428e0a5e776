package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.arguments.UsageException;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The option that says how many threads work.
final class ThreadsArgument {
    private static final int MOST = 256;

    @Option(names = "--threads", paramLabel = "N")
    private Optional<Integer> threads = Optional.empty();

    /// The number that was asked for, or that of the processors.
    ///
    /// @throws UsageException when the number that was given is none, or absurd
    int count() {
        int count = threads.orElseGet(() -> Runtime.getRuntime().availableProcessors());
        if (count < 1 || count > MOST) {
            throw new UsageException("cli.usage.threads", count);
        }
        return count;
    }
}
