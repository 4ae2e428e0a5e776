package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.arguments.GlobalOptions;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/// The part that all commands share: a console, the global options, and that the result ends in an exit code.
///
/// A command says what it has to say through the console and throws what stops it: the library's exceptions,
/// [java.io.IOException], or [io.github.cogvideo4j.cli.arguments.UsageException].
public abstract class ConsoleCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("UnusedVariable") // what they say is in the console already
    private final GlobalOptions global = new GlobalOptions();

    /// What the command talks to.
    protected final Console console;

    /// @param console what the command talks to
    protected ConsoleCommand(Console console) {
        this.console = console;
    }

    @Override
    public final Integer call() throws Exception {
        return console.finish(run()).value();
    }

    /// The answer of a command that only has commands below it: which ones there are, or with `--json` that one is
    /// missing.
    protected final ExitCode listCommands(CommandSpec spec) {
        if (console.json()) {
            throw new UsageException("cli.usage.no-command", spec.qualifiedName());
        }
        spec.commandLine().usage(console.out());
        return ExitCode.USAGE;
    }

    /// Does the command's job.
    protected abstract ExitCode run() throws Exception;
}
