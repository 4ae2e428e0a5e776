package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.cli.arguments.ArgumentFiles;
import io.github.cogvideo4j.cli.arguments.EmptyValues;
import io.github.cogvideo4j.cli.arguments.GlobalOptions;
import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.arguments.OptionNames;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.arguments.WrongValueException;
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
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import picocli.CommandLine;

/// One run of the program, from the words of the command line to the exit code, without touching the JVM around
/// it.
public final class Program {
    private final Terminal terminal;
    private final Map<String, String> environment;
    private volatile Optional<Console> running = Optional.empty();

    /// @param terminal    where the output goes
    /// @param environment the environment variables
    public Program(Terminal terminal, Map<String, String> environment) {
        this.terminal = terminal;
        this.environment = Map.copyOf(environment);
    }

    /// Runs one command line. Whatever happens is printed and told by the exit code; nothing is thrown.
    public ExitCode run(String... arguments) {
        Language language = language();
        Console console = console(language, false, List.of(arguments).contains("--debug"));
        try {
            List<String> words = help(ArgumentFiles.expand(List.of(arguments)));
            // Needed before the command line is understood: an error in it is told in that language and form,
            // too.
            GlobalOptions global = GlobalOptions.among(words);
            console = console(global.language().orElse(language), global.json(), global.debug());
            return console.close(execute(console, words));
        } catch (UsageException e) {
            return console.fail(UsageFailures.of(e, "cogvideo"), e);
        } catch (CommandLine.ParameterException e) {
            return console.fail(UsageFailures.of(e), e);
        } catch (Throwable e) { // also OutOfMemoryError and a missing native library: every end is told in one line
            return console.fail(Failures.of(e), e);
        }
    }

    /// Tells that a signal ends the run, if it has not ended by itself. Called while the JVM shuts down.
    ///
    /// @param signal says which one; asked only when it is told
    public void interrupt(Supplier<ExitCode> signal) {
        running.ifPresent(console -> console.interrupted(() -> Failures.interrupted(signal.get())));
    }

    private Console console(Language language, boolean json, boolean debug) {
        Console console = new Console(terminal, environment, language, json, debug);
        running = Optional.of(console);
        return console;
    }

    /// The environment's language, unless the streams would show it as question marks.
    private Language language() {
        Language language = Language.ofEnvironment(environment);
        return language == Language.ZH && !terminal.shows("中") ? Language.EN : language;
    }

    /// `help COMMAND` is `COMMAND --help`.
    private static List<String> help(List<String> words) {
        if (words.isEmpty() || !words.getFirst().equals("help")) {
            return words;
        }
        return Stream.concat(words.stream().skip(1), Stream.of("--help")).toList();
    }

    /// The picocli model of the whole program.
    public static CommandLine commandLine(Console console) {
        return arranged(CogVideoCommand.commandLine(console), console);
    }

    private static CommandLine arranged(CommandLine commandLine, Console console) {
        // Argument files are expanded before, so that what they hold may be spelled either way as well.
        commandLine.setExpandAtFiles(false);
        commandLine.setOut(new PrintWriter(console.out(), true, console.out().charset()));
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        HelpLayout.apply(commandLine, console);
        return commandLine;
    }

    private static ExitCode execute(Console console, List<String> words) {
        CommandLine commandLine = arranged(CogVideoCommand.commandLine(console, words), console);
        commandLine.setParameterExceptionHandler(
                (e, args) -> console.fail(UsageFailures.of(e), e).value());
        commandLine.setExecutionExceptionHandler(
                (e, command, parsed) -> console.fail(failure(e, command), e).value());
        commandLine.setExecutionStrategy(parsed -> {
            EmptyValues.first(parsed).ifPresent(argument -> {
                throw new CommandLine.ParameterException(
                        argument.command().commandLine(), "", new WrongValueException("cli.usage.empty"), argument, "");
            });
            return new CommandLine.RunLast().execute(parsed);
        });
        List<String> known = OptionNames.of(commandLine).canonical(withoutHelpOnNothing(commandLine, words));
        int code = commandLine.execute(known.toArray(String[]::new));
        return ExitCode.of(code);
    }

    /// Words up to the one that should name a command and names none: asked for help on that, the parser would show
    /// the help of what stands before it. Other words as they are.
    private static List<String> withoutHelpOnNothing(CommandLine commandLine, List<String> words) {
        CommandLine command = commandLine;
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (word.startsWith("-") || command.getSubcommands().isEmpty()) {
                return words;
            }
            if (!command.getSubcommands().containsKey(word)) {
                return words.subList(0, i + 1);
            }
            command = command.getSubcommands().get(word);
        }
        return words;
    }

    private static Failure failure(Exception e, CommandLine command) {
        return e instanceof UsageException usage
                ? UsageFailures.of(usage, command.getCommandSpec().qualifiedName())
                : Failures.of(e);
    }
}
