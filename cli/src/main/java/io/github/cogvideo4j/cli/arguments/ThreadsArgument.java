package io.github.cogvideo4j.cli.arguments;

import java.util.Optional;
import picocli.CommandLine.Option;

/// The option that says how many threads work.
public final class ThreadsArgument {
    private static final int MOST = 256;

    @Option(names = "--threads", paramLabel = "N")
    private Optional<Integer> threads = Optional.empty();

    /// The number that was asked for, or that of the processors.
    ///
    /// @throws UsageException when the number that was given is none, or absurd
    public int count() {
        int count = threads.orElseGet(() -> Runtime.getRuntime().availableProcessors());
        if (count < 1 || count > MOST) {
            throw new UsageException("cli.usage.threads", count);
        }
        return count;
    }
}
