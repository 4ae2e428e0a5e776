package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraLayer;
import io.github.cogvideo4j.checkpoints.lora.LoraModels;
import io.github.cogvideo4j.checkpoints.lora.LoraValues;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo lora inspect`: what an adapter adapts, and how much.
@Command(name = "inspect")
public final class LoraInspectCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "ADAPTER", descriptionKey = "ADAPTER")
    private Path path = Path.of("");

    LoraInspectCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        LoraAdapter adapter = LoraAdapter.open(path);
        adapter.remarks().forEach(console::remark);
        List<Problem> problems = LoraValues.problems(adapter);
        problems.forEach(console::finding);
        SequencedMap<String, Double> norms =
                LoraValues.norms(adapter, Runtime.getRuntime().availableProcessors());
        ObjectNode result = JsonFile.newObject();
        console.result(result);
        summary(adapter, result);
        layers(adapter, norms, result.putArray("layers"));
        return problems.isEmpty() ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }

    private void summary(LoraAdapter adapter, ObjectNode result) {
        Set<Integer> ranks = new TreeSet<>();
        Set<Double> alphas = new TreeSet<>();
        Set<String> types = new TreeSet<>();
        adapter.layers().values().forEach(layer -> {
            ranks.add(layer.rank());
            layer.alpha().ifPresent(alphas::add);
            types.add(layer.a().dtype().name());
            types.add(layer.b().dtype().name());
        });
        List<String> targets = LoraModels.targets(adapter);
        List<String> models = LoraModels.fitting(adapter);
        result.put("path", adapter.file().toString());
        ranks.forEach(result.putArray("ranks")::add);
        alphas.forEach(result.putArray("alphas")::add);
        result.put("records_alpha", adapter.recordsAlpha());
        types.forEach(result.putArray("dtypes")::add);
        result.put("bytes", adapter.byteLength());
        targets.forEach(result.putArray("target_modules")::add);
        models.forEach(result.putArray("fits")::add);
        adapter.skipped().forEach(result.putArray("skipped")::add);

        console.print(
                "cli.lora.inspect.summary",
                adapter.file(),
                adapter.layers().size(),
                join(ranks),
                String.join(", ", types),
                ByteSize.of(adapter.byteLength()));
        if (adapter.recordsAlpha()) {
            LoraLayer first = adapter.layers().firstEntry().getValue();
            console.print("cli.lora.inspect.alpha", join(alphas), number(first.factor(1, OptionalDouble.empty())));
        } else {
            console.print("cli.lora.inspect.no-alpha");
        }
        console.print("cli.lora.inspect.targets", String.join(", ", targets));
        if (models.isEmpty()) {
            console.print("cli.lora.inspect.fits-none");
        } else {
            console.print("cli.lora.inspect.fits", String.join(", ", models));
        }
    }

    private void layers(LoraAdapter adapter, Map<String, Double> norms, ArrayNode array) {
        TextTable table = new TextTable("lrrrr");
        table.row(List.of(
                console.text("cli.lora.weight"),
                console.text("cli.lora.size"),
                console.text("cli.lora.rank"),
                console.text("cli.lora.alpha"),
                console.text("cli.lora.norm")));
        adapter.layers().forEach((weight, layer) -> {
            double norm = norms.getOrDefault(weight, 0.0) * layer.factor(1, OptionalDouble.empty());
            ObjectNode node = array.addObject();
            node.put("weight", weight);
            layer.weightShape().sizes().forEach(node.putArray("shape")::add);
            node.put("rank", layer.rank());
            layer.alpha().ifPresent(alpha -> node.put("alpha", alpha));
            node.put("dtype", layer.a().dtype().name());
            if (Double.isFinite(norm)) {
                node.put("norm", norm);
            } else {
                node.putNull("norm");
            }
            table.row(List.of(
                    weight,
                    layer.weightShape().toString(),
                    String.valueOf(layer.rank()),
                    layer.alpha().isPresent() ? number(layer.alpha().getAsDouble()) : "-",
                    "%.4g".formatted(norm)));
        });
        table.lines().forEach(console::line);
    }

    private static String join(Set<? extends Number> values) {
        return String.join(
                ", ", values.stream().map(value -> number(value.doubleValue())).toList());
    }

    private static String number(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
    }
}
