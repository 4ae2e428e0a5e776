package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `cogvideo lora`: the list of what can be done with adapters.
@Command(name = "lora", synopsisSubcommandLabel = "COMMAND")
public final class LoraCommand extends ConsoleCommand {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    private LoraCommand(Console console) {
        super(console);
    }

    /// The command with the commands below it.
    static CommandLine commandLine(Console console) {
        return new CommandLine(new LoraCommand(console))
                .addSubcommand(new LoraFuseCommand(console))
                .addSubcommand(new LoraExtractCommand(console))
                .addSubcommand(new LoraInspectCommand(console))
                .addSubcommand(new LoraExportCommand(console))
                .addSubcommand(new LoraConvertCommand(console));
    }

    /// Without a command there is nothing to do but to show which ones there are.
    @Override
    protected ExitCode run() {
        return listCommands(spec);
    }
}
