package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraTarget;
import io.github.cogvideo4j.cli.arguments.LoraBaseArguments;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.AdapterReport;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo lora inspect`: what an adapter adapts, and how much.
@Command(name = "inspect")
public final class LoraInspectCommand extends ConsoleCommand {

    @Parameters(index = "0", paramLabel = "ADAPTER", descriptionKey = "ADAPTER")
    private Path path = Path.of("");

    @Mixin
    private final LoraBaseArguments base = new LoraBaseArguments();

    LoraInspectCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        LoraAdapter adapter = LoraAdapter.open(path);
        adapter.warnings().forEach(console::warn);
        List<Problem> problems = adapter.valueProblems();
        problems.forEach(console::finding);
        int threads = Runtime.getRuntime().availableProcessors();
        SequencedMap<String, Double> norms = adapter.norms(threads);
        ObjectNode result = JsonFile.newObject();
        console.result(result);
        AdapterReport report = new AdapterReport(console, adapter, result);
        report.summary();
        Optional<LoraTarget.Model> model = base.model();
        boolean bound = model.isEmpty() || report.binding(model.get(), threads);
        report.layers(norms);
        return problems.isEmpty() && bound ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }
}
