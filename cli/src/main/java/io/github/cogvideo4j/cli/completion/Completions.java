package io.github.cogvideo4j.cli.completion;

import io.github.cogvideo4j.cli.Program;
import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Terminal;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine;

/// Completion scripts for bash, zsh and fish.
public final class Completions {
    private static final String PROGRAM = "cogvideo";

    /// picocli's script knows zsh: it loads what emulates bash's completion there.
    private static final String ZSH = """
            # Completion for zsh: source this file from .zshrc.
            source "${${(%):-%x}:A:h}/cogvideo.bash"
            """;

    private Completions() {}

    /// The scripts by file name.
    static Map<String, String> scripts() {
        CommandLine commandLine = Program.commandLine(silentConsole());
        Map<String, String> scripts = new LinkedHashMap<>();
        scripts.put(PROGRAM + ".bash", AutoComplete.bash(PROGRAM, commandLine));
        scripts.put(PROGRAM + ".zsh", ZSH);
        scripts.put(PROGRAM + ".fish", new FishCompletion(PROGRAM, commandLine).script());
        return scripts;
    }

    /// Writes the scripts; the packaging calls it.
    ///
    /// @param arguments the folder to write to
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createDirectories(Path.of(arguments[0]));
        for (Map.Entry<String, String> script : scripts().entrySet()) {
            Files.writeString(folder.resolve(script.getKey()), script.getValue());
        }
    }

    private static Console silentConsole() {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        return new Console(new Terminal(nowhere, nowhere, false, false), Map.of(), Language.EN, false, false);
    }
}
