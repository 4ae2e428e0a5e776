package io.github.cogvideo4j.cli.console;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;

/// The two output streams and whether a person watches them.
///
/// @param out         the standard output
/// @param err         the standard error
/// @param outTerminal whether `out` is a terminal
/// @param errTerminal whether `err` is a terminal
public record Terminal(PrintStream out, PrintStream err, boolean outTerminal, boolean errTerminal) {
    /// The process's own. Java cannot tell the two streams apart, so the launcher does and passes it on;
    /// without the launcher, both count as a terminal only where Java sees one.
    @SuppressWarnings("SystemConsoleNull") // true from JDK 22 to 24 only: since 25 it is null again without a terminal
    public static Terminal ofSystem() {
        String told = System.getProperty("cogvideo4j.terminal");
        if (told == null) {
            java.io.Console console = System.console();
            boolean terminal = console != null && console.isTerminal();
            return new Terminal(System.out, System.err, terminal, terminal);
        }
        List<String> terminals = Arrays.asList(told.split(","));
        return new Terminal(System.out, System.err, terminals.contains("out"), terminals.contains("err"));
    }
}
