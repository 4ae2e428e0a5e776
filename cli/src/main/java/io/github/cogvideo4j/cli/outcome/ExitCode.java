package io.github.cogvideo4j.cli.outcome;

import io.github.cogvideo4j.formats.problem.Category;
import java.util.Arrays;
import java.util.Collection;

/// The exit codes, by which scripts know how a run ended.
public enum ExitCode {
    /// Done.
    DONE(0),
    /// The check was made and found problems.
    PROBLEMS_FOUND(1),
    /// The command line is wrong.
    USAGE(2),
    /// What was given to read cannot be used.
    BAD_INPUT(3),
    /// The machine stands in the way: disk, memory, permissions, a missing native library.
    ENVIRONMENT(4),
    /// A mistake in this program. Apart from the others, so that no script takes it for a verdict on its input
    /// (70 is `EX_SOFTWARE` of BSD's `sysexits.h`).
    BUG(70),
    /// The terminal was closed (128 + SIGHUP).
    HUNG_UP(129),
    /// Interrupted from the keyboard (128 + SIGINT).
    INTERRUPTED(130),
    /// Asked to end (128 + SIGTERM).
    TERMINATED(143);

    private final int value;

    ExitCode(int value) {
        this.value = value;
    }

    /// The number that the process ends with.
    public int value() {
        return value;
    }

    /// The exit code of a problem that stops a command.
    public static ExitCode of(Category category) {
        return switch (category) {
            case USAGE -> USAGE;
            case INPUT -> BAD_INPUT;
            case ENVIRONMENT -> ENVIRONMENT;
            case DEFECT -> BUG;
            case FINDING -> PROBLEMS_FOUND;
            case CANCELLED -> INTERRUPTED;
        };
    }

    /// The exit code of a run that a signal ends. Java does not tell which one; its handler's thread is called after
    /// it.
    ///
    /// @param threads the names of the threads that are running
    public static ExitCode ofSignal(Collection<String> threads) {
        if (threads.contains("SIGTERM handler")) {
            return TERMINATED;
        }
        return threads.contains("SIGHUP handler") ? HUNG_UP : INTERRUPTED;
    }

    /// The exit code with this number; a number that we never give is a bug.
    public static ExitCode of(int value) {
        return Arrays.stream(values())
                .filter(code -> code.value == value)
                .findFirst()
                .orElse(BUG);
    }
}
