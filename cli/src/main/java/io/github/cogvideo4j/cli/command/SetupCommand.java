package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.setup.CudaSources;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.cuda.CudaSetup;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Detected;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Plan;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo setup cuda`: fetches once what computing on an NVIDIA card takes and the machine has not.
@Command(name = "setup")
public final class SetupCommand extends ConsoleCommand {
    private static final String CUDA = "cuda";

    @Parameters(index = "0", paramLabel = "WHAT", descriptionKey = "WHAT")
    private String what = "";

    @Option(names = "--libraries", paramLabel = "FOLDER", split = ":")
    private List<Path> libraries = List.of();

    @Option(names = "--python", paramLabel = "FILE")
    private Optional<Path> python = Optional.empty();

    @Option(names = "--from", paramLabel = "FOLDER")
    private Optional<Path> from = Optional.empty();

    @Option(names = "--dry-run")
    private boolean dryRun;

    @Option(names = "--remove")
    private boolean remove;

    SetupCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        if (!what.equals(CUDA)) {
            throw new UsageException("cli.setup.unknown", what);
        }
        if (remove) {
            if (from.isPresent() || python.isPresent() || dryRun || !libraries.isEmpty()) {
                throw new UsageException("cli.setup.remove-alone");
            }
            return remove();
        }
        Request request = new Request(console.environment(), libraries, python);
        Plan plan = CudaSetup.plan(request);
        ObjectNode result = JsonFile.newObject();
        result.put("folder", plan.folder().toString());
        show(plan.findings(), result.putArray("found"));
        showFetched(plan, result);
        if (dryRun) {
            result.put("done", false);
            console.result(result);
            return ExitCode.DONE;
        }
        List<Detected> after = install(request, plan);
        show(after, result.putArray("after"));
        result.put("done", true);
        boolean ready = after.stream().allMatch(finding -> finding.advice().isEmpty());
        console.print(ready ? "cli.setup.done" : "cli.setup.done-but");
        result.put("ready", ready);
        console.result(result);
        return ExitCode.DONE;
    }

    private List<Detected> install(Request request, Plan plan) throws IOException {
        CudaSources sources = CudaSources.of(console.environment(), from, plan.fetched());
        if (!plan.fetched().isEmpty()) {
            console.note("cli.setup.source", sources.name());
        }
        try (ConversionProgress progress = new ConversionProgress(console)) {
            return CudaSetup.install(request, plan, sources.fetcher(), progress.control());
        }
    }

    private void show(List<Detected> findings, ArrayNode list) {
        for (Detected finding : findings) {
            String found = finding.found().text(console.locale());
            console.line((finding.advice().isEmpty() ? "✓ " : "✗ ") + finding.name() + ": " + found);
            ObjectNode node = list.addObject();
            node.put("name", finding.name());
            node.put("good", finding.advice().isEmpty());
            node.put("found", found);
            finding.advice().ifPresent(advice -> node.put("remedy", advice.text(console.locale())));
        }
    }

    private void showFetched(Plan plan, ObjectNode result) {
        ArrayNode list = result.putArray("fetch");
        for (Artifact artifact : plan.fetched()) {
            ObjectNode node = list.addObject();
            node.put("file", artifact.fileName());
            node.put("coordinates", artifact.coordinates());
            node.put("bytes", artifact.bytes());
            node.put("pinned", artifact.sha256().isPresent());
            console.print("cli.setup.fetch", artifact.fileName(), ByteSize.of(artifact.bytes()));
        }
        if (plan.fetched().isEmpty()) {
            console.print("cli.setup.nothing", plan.folder());
        } else {
            console.print(
                    "cli.setup.sizes", ByteSize.of(plan.bytes()), ByteSize.of(plan.unpackedBytes()), plan.folder());
            console.print("cli.setup.licences");
        }
    }

    private ExitCode remove() throws IOException {
        Path folder = CudaSetup.folder(console.environment());
        Optional<Long> bytes = CudaSetup.remove(console.environment());
        bytes.ifPresentOrElse(
                size -> console.print("cli.setup.removed", folder, ByteSize.of(size)),
                () -> console.print("cli.setup.not-there", folder));
        ObjectNode result = JsonFile.newObject();
        result.put("folder", folder.toString());
        result.put("removed", bytes.isPresent());
        result.put("bytes", bytes.orElse(0L));
        console.result(result);
        return ExitCode.DONE;
    }
}
