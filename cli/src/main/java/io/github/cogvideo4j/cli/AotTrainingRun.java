package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.cli.command.DemoCommand;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.server.CogVideoServer;
import io.github.cogvideo4j.server.ServerSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The runs that the launcher lets the JVM watch once, after a build, to prepare its caches of loaded classes: the help
/// and the main job on the sample, with a base model and without; and a server of what came out. Nothing is printed.
/// Later starts find ready what was used here.
public final class AotTrainingRun {
    private AotTrainingRun() {}

    /// Goes through one of them.
    ///
    /// @param arguments the folder to write to, which must not exist; for a server, a model and its folder of data
    public static void main(String[] arguments) {
        if (arguments.length > 1) {
            run(List.of(List.of("serve", "--help")));
            serve(Path.of(arguments[0]), Path.of(arguments[1]));
            return;
        }
        Path output = Path.of(arguments[0]);
        run(List.of(
                List.of("--help"),
                List.of("demo", output.resolve("demo").toString()),
                List.of(
                        "convert",
                        DemoCommand.sample().toString(),
                        output.resolve("plain").toString())));
    }

    private static void run(List<List<String>> script) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        Program program = new Program(new Terminal(nowhere, nowhere, false, false), System.getenv());
        for (List<String> words : script) {
            program.run(words.toArray(String[]::new));
        }
    }

    /// Starts a server, asks it a little, and ends it.
    private static void serve(Path model, Path data) {
        Map<String, List<String>> settings =
                Map.of("model", List.of(model.toString()), "data-dir", List.of(data.toString()), "port", List.of("0"));
        try (CogVideoServer server = CogVideoServer.start(ServerSettings.read(settings, Map.of(), Optional.empty()))) {
            for (String path : List.of("readyz", "v1/models", "v1/videos", "metrics", "")) {
                try (InputStream answer = server.address().resolve(path).toURL().openStream()) {
                    answer.transferTo(OutputStream.nullOutputStream());
                }
            }
        } catch (IOException | RuntimeException _) {
            // Where nothing can listen, a server's start is not made quicker, and all else is.
        }
    }
}
