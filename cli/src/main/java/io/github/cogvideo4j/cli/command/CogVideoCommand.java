package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `cogvideo` itself: the list of the commands, and the version.
@Command(name = "cogvideo", versionProvider = VersionProvider.class, synopsisSubcommandLabel = "COMMAND")
public final class CogVideoCommand extends ConsoleCommand {
    /// The commands by name, in the order in which the help lists them.
    private static final Map<String, Function<Console, Object>> COMMANDS = commands();

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

    /// The command with all commands below it.
    public static CommandLine commandLine(Console console) {
        return with(console, COMMANDS.values());
    }

    /// The command with the one below it that the words name, if they do so at once. Describing all commands to picocli
    /// takes a fifth of a short run, and what the words do not name is not asked for.
    public static CommandLine commandLine(Console console, List<String> words) {
        return words.stream()
                .findFirst()
                .flatMap(word -> Optional.ofNullable(COMMANDS.get(word)))
                .map(named -> with(console, List.of(named)))
                .orElseGet(() -> commandLine(console));
    }

    private static CommandLine with(Console console, Collection<Function<Console, Object>> commands) {
        CommandLine commandLine = new CommandLine(new CogVideoCommand(console));
        commands.forEach(command -> commandLine.addSubcommand(command.apply(console)));
        return commandLine;
    }

    private static Map<String, Function<Console, Object>> commands() {
        Map<String, Function<Console, Object>> commands = new LinkedHashMap<>();
        commands.put("convert", ConvertCommand::new);
        commands.put("verify", VerifyCommand::new);
        commands.put("merge", MergeCommand::new);
        commands.put("prune", PruneCommand::new);
        commands.put("watch", WatchCommand::new);
        commands.put("generate", GenerateCommand::new);
        commands.put("batch", BatchCommand::new);
        commands.put("vae", VaeCommand::new);
        commands.put("invert", InvertCommand::new);
        commands.put("bench-cache", BenchCacheCommand::new);
        commands.put("score", ScoreCommand::new);
        commands.put("serve", ServeCommand::new);
        commands.put("doctor", DoctorCommand::new);
        commands.put("inspect", InspectCommand::new);
        commands.put("lora", LoraCommand::commandLine);
        commands.put("setup", SetupCommand::new);
        commands.put("demo", DemoCommand::new);
        return commands;
    }

    /// Without a command there is nothing to do but to show which ones there are.
    @Override
    protected ExitCode run() {
        return listCommands(spec);
    }
}
