package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.cli.console.Terminal;

/// The entry point, and the one place that ends the JVM.
public final class Main {
    private Main() {}

    /// Runs the command line and exits with its code.
    public static void main(String[] arguments) {
        Program program = new Program(Terminal.ofSystem(), System.getenv());
        System.exit(program.run(arguments).value());
    }
}
