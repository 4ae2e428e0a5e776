package io.github.cogvideo4j.cli.arguments;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The options that every command has. They shape how everything is told, errors in the command line included,
/// so they are looked up before the rest is understood.
@Command
public final class GlobalOptions {
    @Option(names = "--json", order = 100)
    private boolean json;

    @Option(
            names = "--lang",
            order = 101,
            paramLabel = "LANGUAGE",
            converter = Language.LanguageConverter.class,
            completionCandidates = Language.LanguageConverter.class)
    private Optional<Language> language = Optional.empty();

    @Option(
            names = {"-d", "--debug"},
            order = 102)
    private boolean debug;

    @Option(
            names = {"-h", "--help"},
            order = 103,
            usageHelp = true)
    @SuppressWarnings("UnusedVariable") // the parser prints it
    private boolean help;

    /// The options that are found anywhere among the words, whatever else is there.
    ///
    /// @throws CommandLine.ParameterException for a wrong value
    public static GlobalOptions among(List<String> words) {
        GlobalOptions options = new GlobalOptions();
        CommandLine commandLine = new CommandLine(options);
        commandLine.getCommandSpec().name("cogvideo");
        commandLine.setUnmatchedArgumentsAllowed(true);
        commandLine.setOverwrittenOptionsAllowed(true);
        commandLine.setExpandAtFiles(false);
        commandLine.parseArgs(words.toArray(String[]::new));
        return options;
    }

    /// `--json`: the result as one JSON object.
    public boolean json() {
        return json;
    }

    /// `--lang`.
    public Optional<Language> language() {
        return language;
    }

    /// `--debug`: stack traces.
    public boolean debug() {
        return debug;
    }
}
