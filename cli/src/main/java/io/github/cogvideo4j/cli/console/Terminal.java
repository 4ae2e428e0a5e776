package io.github.cogvideo4j.cli.console;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

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
        PrintStream out = ResultStream.of(new FileOutputStream(FileDescriptor.out), System.out.charset());
        String told = System.getProperty("cogvideo4j.terminal");
        if (told == null) {
            java.io.Console console = System.console();
            boolean terminal = console != null && console.isTerminal();
            return new Terminal(out, System.err, terminal, terminal);
        }
        List<String> terminals = Arrays.asList(told.split(","));
        return new Terminal(out, System.err, terminals.contains("out"), terminals.contains("err"));
    }

    /// A terminal whose results go somewhere, with nobody watching.
    ///
    /// @param charset the encoding of both streams
    public static Terminal of(OutputStream out, OutputStream err, Charset charset) {
        return new Terminal(ResultStream.of(out, charset), new PrintStream(err, true, charset), false, false);
    }

    /// Whether both streams can show a text, instead of question marks.
    public boolean shows(String text) {
        return out.charset().newEncoder().canEncode(text)
                && err.charset().newEncoder().canEncode(text);
    }

    /// Why results were lost, if some were.
    Optional<IOException> lost() {
        return out instanceof ResultStream results ? results.failure() : Optional.empty();
    }
}
