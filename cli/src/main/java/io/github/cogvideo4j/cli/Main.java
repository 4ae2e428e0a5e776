package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.cli.command.ParentProcess;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;

/// The entry point, and the one place that ends the JVM.
public final class Main {
    private Main() {}

    private static ExitCode signal() {
        return ExitCode.ofSignal(Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .toList());
    }

    /// Runs the command line and exits with its code.
    public static void main(String[] arguments) {
        Program program = new Program(Terminal.ofSystem(), System.getenv());
        // What follows only tells something when a signal ends the JVM: our own exit comes after the run's end.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> program.interrupt(Main::signal), "told-of-signals"));
        ParentProcess.whenEnded(() -> System.exit(ExitCode.INTERRUPTED.value()));
        System.exit(program.run(arguments).value());
    }
}
