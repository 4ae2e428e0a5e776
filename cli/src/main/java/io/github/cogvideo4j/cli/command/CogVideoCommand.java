package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `cogvideo` itself: the list of the commands, and the version.
@Command(name = "cogvideo", versionProvider = VersionProvider.class, synopsisSubcommandLabel = "COMMAND")
public final class CogVideoCommand extends ConsoleCommand {
    @Option(
            names = {"-V", "--version"},
            versionHelp = true)
    @SuppressWarnings("UnusedVariable") // the parser prints it
    private boolean version;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private CogVideoCommand(Console console) {
        super(console);
    }

    /// The command with all commands below it, in the order in which the help lists them.
    public static CommandLine commandLine(Console console) {
        return new CommandLine(new CogVideoCommand(console))
                .addSubcommand(new ConvertCommand(console))
                .addSubcommand(new VerifyCommand(console))
                .addSubcommand(new MergeCommand(console))
                .addSubcommand(new GenerateCommand(console))
                .addSubcommand(new VaeCommand(console))
                .addSubcommand(new InvertCommand(console))
                .addSubcommand(new BenchCacheCommand(console))
                .addSubcommand(new ScoreCommand(console))
                .addSubcommand(new DoctorCommand(console))
                .addSubcommand(new InspectCommand(console))
                .addSubcommand(LoraCommand.commandLine(console))
                .addSubcommand(new DemoCommand(console));
    }

    /// Without a command there is nothing to do but to show which ones there are.
    @Override
    protected ExitCode run() {
        return listCommands(spec);
    }
}
