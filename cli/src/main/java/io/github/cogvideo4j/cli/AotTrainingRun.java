package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.cli.command.DemoCommand;
import io.github.cogvideo4j.cli.console.Terminal;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/// The run that the launcher lets the JVM watch once, after a build, to prepare its cache of loaded classes: the help
/// and the main job on the sample, with a base model and without, and nothing printed. Later starts find ready what was
/// used here.
public final class AotTrainingRun {
    private AotTrainingRun() {}

    /// Goes through it all once.
    ///
    /// @param arguments the folder that may be written to, which must not exist
    public static void main(String[] arguments) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        Program program = new Program(new Terminal(nowhere, nowhere, false, false), System.getenv());
        Path output = Path.of(arguments[0]);
        List<List<String>> script = List.of(
                List.of("--help"),
                List.of("demo", output.resolve("demo").toString()),
                List.of(
                        "convert",
                        DemoCommand.sample().toString(),
                        output.resolve("plain").toString()));
        for (List<String> words : script) {
            program.run(words.toArray(String[]::new));
        }
    }
}
