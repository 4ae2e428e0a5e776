package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.server.CogVideoServer;
import io.github.cogvideo4j.server.ServerSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `cogvideo serve`: starts the server, and stops it when a signal comes.
@Command(name = "serve")
@SuppressWarnings("UnusedVariable") // settings are read as words, by their names
public final class ServeCommand extends ConsoleCommand {
    private static final String CONFIG = "COGVIDEO_SERVE_CONFIG";

    @Option(names = "--model", paramLabel = "[NAME=]FOLDER")
    private List<String> models = List.of();

    @Option(names = "--transformer", paramLabel = "[NAME=]PATH")
    private List<String> transformers = List.of();

    @Option(names = "--lora-dir", paramLabel = "FOLDER")
    private Optional<String> loras = Optional.empty();

    @Option(names = "--host", paramLabel = "ADDRESS")
    private Optional<String> host = Optional.empty();

    @Option(names = "--port", paramLabel = "N")
    private Optional<String> port = Optional.empty();

    @Option(names = "--data-dir", paramLabel = "FOLDER")
    private Optional<String> data = Optional.empty();

    @Option(names = "--store", paramLabel = "URL")
    private Optional<String> store = Optional.empty();

    @Option(names = "--api-keys", paramLabel = "FILE")
    private Optional<String> keys = Optional.empty();

    @Option(names = "--max-queue", paramLabel = "N")
    private Optional<String> maxQueue = Optional.empty();

    @Option(names = "--max-batch", paramLabel = "N")
    private Optional<String> maxBatch = Optional.empty();

    @Option(names = "--retention", paramLabel = "TIME")
    private Optional<String> retention = Optional.empty();

    @Option(names = "--quota", paramLabel = "SIZE")
    private Optional<String> quota = Optional.empty();

    @Option(names = "--grace", paramLabel = "TIME")
    private Optional<String> grace = Optional.empty();

    @Option(names = "--dtype", paramLabel = "DTYPE")
    private Optional<String> dtype = Optional.empty();

    @Option(names = "--device", paramLabel = "DEVICE")
    private Optional<String> device = Optional.empty();

    @Option(names = "--threads", paramLabel = "N")
    private Optional<String> threads = Optional.empty();

    @Option(names = "--config", paramLabel = "FILE")
    private Optional<Path> config = Optional.empty();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    ServeCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException, InterruptedException {
        Optional<Path> file =
                config.or(() -> Optional.ofNullable(console.environment().get(CONFIG))
                        .filter(name -> !name.isBlank())
                        .map(Path::of));
        ServerSettings settings = ServerSettings.read(given(), console.environment(), file);
        CogVideoServer server = CogVideoServer.start(settings);
        // A signal is how a server ends, which is no failure. The JVM waits for its hooks, so it ends in order.
        console.handOver();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "stop-of-server"));
        List<String> names =
                settings.models().stream().map(ServerSettings.Model::name).toList();
        console.print("cli.serve.listens", names, server.address());
        if (settings.access().keys().isEmpty() && settings.access().keyList().isEmpty()) {
            console.note("cli.serve.no-keys");
        }
        console.result(JsonFile.newObject().put("address", server.address().toString()));
        server.await();
        return ExitCode.DONE;
    }

    /// The options that were given, by the names of settings, which are theirs without the dashes.
    private Map<String, List<String>> given() {
        Set<String> others = Set.of("config", "json", "debug", "lang", "help");
        Map<String, List<String>> given = new LinkedHashMap<>();
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            String name = option.longestName().replaceFirst("^--", "");
            if (!others.contains(name)) {
                given.put(name, option.originalStringValues());
            }
        }
        return given;
    }

    private void stop(CogVideoServer server) {
        try {
            server.close();
            console.print("cli.serve.stopped");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
