package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.cli.console.Terminal;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.List;

/// What the launcher lets the JVM watch once, after a build, to prepare its cache of loaded classes: the help and the
/// main job on the sample, without output. Later starts find ready what was used here.
public final class Rehearsal {
    private Rehearsal() {}

    /// Goes through it all once.
    ///
    /// @param arguments the folder that the main job may write, which must not exist
    public static void main(String[] arguments) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        Program program = new Program(new Terminal(nowhere, nowhere, false, false), System.getenv());
        for (List<String> words : List.of(List.of("--help"), List.of("demo", arguments[0]))) {
            program.run(words.toArray(String[]::new));
        }
    }
}
