package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// One run of the program as a user would make it, within this JVM.
///
/// @param exit how it ended
/// @param out  its standard output
/// @param err  its standard error
record CommandRun(ExitCode exit, String out, String err) {
    static CommandRun of(Object... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                false);
        String[] arguments =
                java.util.Arrays.stream(words).map(Object::toString).toArray(String[]::new);
        ExitCode exit = new Program(terminal, Map.of("LANG", "en_US.UTF-8")).run(arguments);
        return new CommandRun(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
