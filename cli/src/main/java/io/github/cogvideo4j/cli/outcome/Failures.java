package io.github.cogvideo4j.cli.outcome;

import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.InvalidPathException;
import java.util.Locale;
import java.util.Optional;
import java.util.ResourceBundle;
import java.util.regex.Pattern;

/// The failures that exceptions stand for: the sealed exceptions of the library carry their problem, the disk's and the
/// machine's troubles are told apart, and anything else is a bug of this program and said to be one.
public final class Failures {
    private static final int LONGEST_CHAIN = 50;

    /// How libtorch says that the processor's or a device's memory is used up.
    private static final Pattern NATIVE_MEMORY =
            Pattern.compile("can't allocate memory|not enough memory|CUDA out of memory");

    private Failures() {}

    /// The failure that an exception stands for. Wrappers (a thread pool's, an unchecked one) are looked
    /// through: the first cause that is understood decides.
    public static Failure of(Throwable thrown) {
        Throwable cause = thrown;
        for (int depth = 0; cause != null && depth < LONGEST_CHAIN; depth++) {
            Optional<Failure> failure = understood(cause);
            if (failure.isPresent()) {
                return failure.get();
            }
            cause = cause.getCause();
        }
        return bug(thrown);
    }

    private static Optional<Failure> understood(Throwable thrown) {
        return switch (thrown) {
            case CarriesProblem e -> Optional.of(problem(e.problem(), e.category()));
            case InterruptedException e -> Optional.of(interrupted(ExitCode.INTERRUPTED));
            case ClosedByInterruptException e -> Optional.of(interrupted(ExitCode.INTERRUPTED));
            case InterruptedIOException e -> Optional.of(interrupted(ExitCode.INTERRUPTED));
            case IOException e -> Optional.of(IoFailures.of(e));
            case InvalidPathException e ->
                Optional.of(Failure.nowhere(
                        ExitCode.USAGE,
                        "usage",
                        Message.of("cli.failure.invalid-path", e.getInput()),
                        Message.of("cli.hint.path")));
            case OutOfMemoryError e -> Optional.of(outOfMemory(e, "cli.hint.memory"));
            case RuntimeException e
            when NATIVE_MEMORY.matcher(firstLine(e)).find() -> Optional.of(outOfMemory(e, "cli.hint.native-memory"));
            case UnsatisfiedLinkError e ->
                Optional.of(Failure.nowhere(
                        ExitCode.ENVIRONMENT,
                        "native-library",
                        Message.of("cli.failure.native-library", String.valueOf(e.getMessage())),
                        Message.of("cli.hint.native-library")));
            default -> Optional.empty();
        };
    }

    private static Failure problem(Problem problem, Category category) {
        return new Failure(
                ExitCode.of(category), problem.code().id(), problem.message(), problem.place(), remedy(problem));
    }

    /// The command that helps in the case at hand, else what helps whatever the case.
    private static Optional<Message> remedy(Problem problem) {
        return Hints.of(problem).or(() -> remedy(problem.code()));
    }

    /// The remedy that helps whatever the case at hand, where there is one: not every code has it.
    static Optional<Message> remedy(ProblemCode code) {
        String key = "cli.remedy." + code.id();
        ResourceBundle texts = ResourceBundle.getBundle("io.github.cogvideo4j.cli.messages", Locale.ROOT);
        return texts.containsKey(key) ? Optional.of(Message.of(key)) : Optional.empty();
    }

    private static Failure outOfMemory(Throwable thrown, String hint) {
        return Failure.nowhere(
                ExitCode.ENVIRONMENT,
                "out-of-memory",
                Message.of("cli.failure.memory", firstLine(thrown)),
                Message.of(hint));
    }

    /// What an exception says. Native libraries put a trace of their own below it.
    private static String firstLine(Throwable thrown) {
        return String.valueOf(thrown.getMessage()).lines().findFirst().orElse("");
    }

    /// The failure of a run whose results cannot be written: nobody has them.
    public static Failure outputLost(IOException e) {
        return new Failure(
                ExitCode.ENVIRONMENT,
                "io",
                Message.of("cli.failure.output-lost", String.valueOf(e.getMessage())),
                Place.nowhere(),
                Optional.empty());
    }

    /// The failure of a run that is ended from outside.
    ///
    /// @param exit by which signal
    public static Failure interrupted(ExitCode exit) {
        return new Failure(
                exit, "interrupted", Message.of("cli.failure.interrupted"), Place.nowhere(), Optional.empty());
    }

    private static Failure bug(Throwable thrown) {
        return Failure.nowhere(
                ExitCode.BUG,
                "bug",
                Message.of("cli.failure.bug", thrown.getClass().getSimpleName(), firstLine(thrown)),
                Message.of("cli.hint.bug"));
    }
}
