package io.github.cogvideo4j.cli.project;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.cogvideo4j.cli.Program;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Runs command lines one after the other in a folder of their own: names in documents are relative, and a JVM cannot
/// change its folder. One JVM for all of them, since most of a short run is its start.
final class CommandServer implements AutoCloseable {
    private final Process process;
    private final PrintStream requests;
    private final BufferedReader answers;

    CommandServer(Path folder, String classPath, Path root) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                        "-Dorg.bytedeco.javacpp.maxBytes=0",
                        "-Dcogvideo4j.root=" + root,
                        "-cp",
                        classPath,
                        CommandServer.class.getName())
                .directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().keySet().retainAll(List.of("PATH"));
        builder.environment()
                .putAll(Map.of(
                        "LC_ALL",
                        "C.UTF-8",
                        "OPT_OUT_TRACKING",
                        "true",
                        "HOME",
                        folder.toString(),
                        "XDG_CACHE_HOME",
                        folder.resolve(".cache").toString()));
        process = builder.start();
        requests = new PrintStream(process.getOutputStream(), true, UTF_8);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    }

    /// What a command line came to: its exit code, then all that it printed.
    record Answer(ExitCode exit, String printed) {}

    Answer run(List<String> words) throws IOException {
        requests.println(JsonMapper.shared().writeValueAsString(words));
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("the program ended at " + words);
        }
        JsonNode parts = JsonMapper.shared().readTree(answer);
        return new Answer(
                ExitCode.valueOf(parts.get(0).stringValue()), parts.get(1).stringValue());
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /// The other side: a JSON array of words on each line of the standard input.
    public static void main(String[] arguments) throws IOException {
        PrintStream answers = System.out;
        try (Stream<String> lines = new BufferedReader(new InputStreamReader(System.in, UTF_8)).lines()) {
            lines.forEach(line -> answers.println(answer(line)));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static String answer(String line) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        String[] words = JsonMapper.shared().readValue(line, String[].class);
        ExitCode exit = new Program(Terminal.of(printed, printed, UTF_8), System.getenv()).run(words);
        return JsonMapper.shared().writeValueAsString(List.of(exit.name(), printed.toString(UTF_8)));
    }
}
