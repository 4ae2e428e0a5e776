package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One run of the program with its output kept.
public record Run(ExitCode exit, String out, String err) {
    /// Runs in a plain environment, with nobody watching, and no Spark: a batch does not start another process.
    public static Run of(String... arguments) {
        return in(Map.of("LANG", "C", "COGVIDEO_SPARK_HOME", ""), arguments);
    }

    /// Runs in an environment.
    public static Run in(Map<String, String> environment, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = Terminal.of(out, err, StandardCharsets.UTF_8);
        ExitCode exit = new Program(terminal, environment).run(arguments);
        return new Run(exit, out.toString(StandardCharsets.UTF_8), withoutTime(err.toString(StandardCharsets.UTF_8)));
    }

    /// What was printed but for the line that a slow machine adds: how long the steps will take on it. Its own test
    /// is `GenerationTimeTest`.
    public static String withoutTime(String printed) {
        return printed.replaceAll("(?m)^(about \\d+ minutes? for|剩余 \\d+ 步约需) .*\\R", "");
    }

    /// The class path for another Java. Some launchers of tests put the classes under test on a loader of their own.
    public static String classPath() {
        return Main.class.getClassLoader() instanceof URLClassLoader loader
                ? Stream.of(loader.getURLs()).map(URL::getPath).collect(Collectors.joining(File.pathSeparator))
                : System.getProperty("java.class.path");
    }

    /// Requires that a run did its job.
    static void done(Run run) {
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
    }

    /// Runs a conversion.
    static Run convert(Path source, Path output, List<String> more, String... options) {
        List<String> words = new ArrayList<>(List.of("convert", source.toString(), output.toString()));
        words.addAll(more);
        words.addAll(Arrays.asList(options));
        return of(words.toArray(String[]::new));
    }

    /// Requires that a result is proven equal to its source.
    static void equal(Path output, Path source) {
        Run verified = of("verify", output.toString(), "--against", source.toString());
        assertThat(verified.exit()).as(verified.out() + verified.err()).isEqualTo(ExitCode.DONE);
        assertThat(verified.out()).startsWith("equal:");
    }

    /// Requires that a command line was refused for what it says, in words and without a stack trace.
    static void usage(Run run, String... parts) {
        failed(run, ExitCode.USAGE, parts);
    }

    /// Requires that a run's input was refused, in words and without a stack trace.
    static void refused(Run run, String... parts) {
        failed(run, ExitCode.BAD_INPUT, parts);
    }

    private static void failed(Run run, ExitCode exit, String... parts) {
        assertThat(run.exit()).as(run.err()).isEqualTo(exit);
        assertThat(run.err()).contains(parts).doesNotContain("\tat ");
    }
}
