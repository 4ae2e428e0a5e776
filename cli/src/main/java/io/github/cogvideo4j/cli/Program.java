package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.cli.arguments.ArgumentFiles;
import io.github.cogvideo4j.cli.arguments.GlobalOptions;
import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.arguments.OptionNames;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.command.CogVideoCommand;
import io.github.cogvideo4j.cli.command.HelpLayout;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.outcome.Failure;
import io.github.cogvideo4j.cli.outcome.Failures;
import io.github.cogvideo4j.cli.outcome.UsageFailures;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/// One run of the program, from the words of the command line to the exit code, without touching the JVM around
/// it.
public final class Program {
    private final Terminal terminal;
    private final Map<String, String> environment;

    /// @param terminal    where the output goes
    /// @param environment the environment variables
    public Program(Terminal terminal, Map<String, String> environment) {
        this.terminal = terminal;
        this.environment = Map.copyOf(environment);
    }

    /// Runs one command line. Whatever happens is printed and told by the exit code; nothing is thrown.
    public ExitCode run(String... arguments) {
        Language language = Language.ofEnvironment(environment);
        Console console = console(language, false, List.of(arguments).contains("--debug"));
        try {
            List<String> words = ArgumentFiles.expand(List.of(arguments));
            // Needed before the command line is understood: an error in it is told in that language and form,
            // too.
            GlobalOptions global = GlobalOptions.among(words);
            console = console(global.language().orElse(language), global.json(), global.debug());
            return execute(console, words);
        } catch (UsageException e) {
            return console.fail(UsageFailures.of(e, "cogvideo"), e);
        } catch (CommandLine.ParameterException e) {
            return console.fail(UsageFailures.of(e), e);
        } catch (Throwable e) { // also OutOfMemoryError and a missing native library: every end is told in one line
            return console.fail(Failures.of(e), e);
        }
    }

    private Console console(Language language, boolean json, boolean debug) {
        return new Console(terminal, environment, language, json, debug);
    }

    /// The picocli model of the whole program.
    public static CommandLine commandLine(Console console) {
        CommandLine commandLine = CogVideoCommand.commandLine(console);
        // Argument files are expanded before, so that what they hold may be spelled either way as well.
        commandLine.setExpandAtFiles(false);
        commandLine.setOut(new PrintWriter(console.out(), true, console.out().charset()));
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        HelpLayout.apply(commandLine, console);
        return commandLine;
    }

    private static ExitCode execute(Console console, List<String> words) {
        CommandLine commandLine = commandLine(console);
        commandLine.setParameterExceptionHandler(
                (e, args) -> console.fail(UsageFailures.of(e), e).value());
        commandLine.setExecutionExceptionHandler(
                (e, command, parsed) -> console.fail(failure(e, command), e).value());
        int code =
                commandLine.execute(OptionNames.of(commandLine).canonical(words).toArray(String[]::new));
        return ExitCode.of(code);
    }

    private static Failure failure(Exception e, CommandLine command) {
        return e instanceof UsageException usage
                ? UsageFailures.of(usage, command.getCommandSpec().qualifiedName())
                : Failures.of(e);
    }
}
