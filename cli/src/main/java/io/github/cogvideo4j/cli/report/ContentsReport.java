package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.inspect.Contents;
import io.github.cogvideo4j.checkpoints.inspect.Contents.ListedTensor;
import io.github.cogvideo4j.checkpoints.inspect.ModuleTree;
import io.github.cogvideo4j.checkpoints.inspect.ModuleTree.TensorTotals;
import io.github.cogvideo4j.checkpoints.inspect.values.Statistics.TensorStatistics;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The report on what a file or a folder holds.
public final class ContentsReport {
    private final Console console;
    private final ObjectNode result;

    /// @param console where it is told
    /// @param result  the JSON that it is added to
    public ContentsReport(Console console, ObjectNode result) {
        this.console = console;
        this.result = result;
    }

    /// Tells of one set of tensors.
    ///
    /// @param contents   what it is
    /// @param shown      those of its tensors that are wanted, in order
    /// @param tree       whether by module
    /// @param statistics what is known of their values
    public void show(
            Contents contents, List<ListedTensor> shown, boolean tree, Map<StoredTensor, TensorStatistics> statistics) {
        ArrayNode all = result.withArray("contents");
        if (!all.isEmpty()) {
            console.line("");
        }
        ObjectNode node = all.addObject();
        ContentsJson.describe(contents, shown, statistics, node);
        header(contents);
        if (tree) {
            ModuleTree modules = ModuleTree.of(shown);
            ContentsJson.tree(modules, node.putObject("tree"));
            branches(modules, "", statistics);
        } else {
            list(shown, statistics);
        }
        totals(contents, shown);
    }

    private void header(Contents contents) {
        console.line(Stream.of(contents.name(), contents.kind(), contents.path().toString())
                .filter(part -> !part.isEmpty())
                .reduce((a, b) -> a + "  " + b)
                .orElse(""));
        training(contents);
        contents.training()
                .versions()
                .forEach((software, version) -> console.print("cli.inspect.version", software, version));
        contents.configuration().ifPresent(config -> {
            say("cli.inspect.optimizer", List.of(config.optimizer(), config.learningRate(), config.weightDecay()));
            say("cli.inspect.batch", List.of(config.batchSize(), config.microBatchSize(), config.accumulationSteps()));
            console.print(
                    "cli.inspect.precision",
                    config.precision(),
                    config.zeroStage().orElse("0"),
                    config.zeroSettings());
            say("cli.inspect.schedule", List.of(config.scheduler(), config.gradientClipping()));
        });
        contents.metadata().forEach((key, value) -> console.print("cli.inspect.metadata", key, value));
    }

    private void say(String key, List<Optional<String>> values) {
        if (values.stream().anyMatch(Optional::isPresent)) {
            console.print(key, values.stream().map(value -> value.orElse("-")).toArray());
        }
    }

    private void training(Contents contents) {
        var training = contents.training();
        training.trainer().ifPresent(trainer -> console.print("cli.inspect.trainer", trainer));
        if (training.step().isPresent()
                || training.zeroStage().isPresent()
                || training.tag().isPresent()) {
            console.print(
                    "cli.inspect.training",
                    training.step().isPresent() ? training.step().getAsLong() : "-",
                    training.zeroStage().isPresent() ? training.zeroStage().getAsInt() : "-",
                    training.worldSize().isPresent() ? training.worldSize().getAsInt() : "-",
                    training.tag().orElse("-"));
        }
    }

    private void list(List<ListedTensor> shown, Map<StoredTensor, TensorStatistics> statistics) {
        TextTable table = new TextTable(statistics.isEmpty() ? "lllrl" : "lllrlrrrrrrr");
        if (!statistics.isEmpty()) {
            List<String> head = new ArrayList<>(List.of("", "", "", "", ""));
            Stream.of("min", "max", "mean", "deviation", "zeros", "nan", "inf")
                    .map(column -> console.text("cli.inspect.column-" + column))
                    .forEach(head::add);
            table.row(head);
        }
        for (ListedTensor tensor : shown) {
            List<String> row = new ArrayList<>(List.of(
                    tensor.name(),
                    tensor.tensor().dtype().name(),
                    tensor.tensor().shape().toString(),
                    ByteSize.of(tensor.tensor().byteLength()),
                    role(tensor)));
            if (!statistics.isEmpty()) {
                row.addAll(values(Optional.ofNullable(statistics.get(tensor.tensor()))));
            }
            table.row(row);
        }
        table.lines().forEach(console::line);
    }

    /// Parameters are what one expects; only the others are worth a word.
    private String role(ListedTensor tensor) {
        return tensor.role()
                .filter(role -> role != Role.PARAMETER)
                .map(role -> console.text("cli.inspect.role-" + role.name().toLowerCase(Locale.ROOT)))
                .orElse("");
    }

    private static List<String> values(Optional<TensorStatistics> known) {
        return known.map(values -> List.of(
                        number(values.min()),
                        number(values.max()),
                        number(values.mean()),
                        number(values.standardDeviation()),
                        Long.toString(values.zeros()),
                        Long.toString(values.nans()),
                        Long.toString(values.infinities())))
                .orElse(List.of("", "", "", "", "", "", ""));
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.5g", value);
    }

    private void branches(ModuleTree module, String indent, Map<StoredTensor, TensorStatistics> statistics) {
        module.modules().forEach((name, inside) -> {
            console.print(
                    "cli.inspect.module",
                    indent + name,
                    count(inside.totals().parameters()),
                    ByteSize.of(inside.totals().bytes()));
            branches(inside, indent + "  ", statistics);
        });
        module.tensors()
                .forEach((name, tensor) -> console.line(Stream.concat(
                                Stream.of(
                                        indent + name,
                                        tensor.tensor().dtype().name()
                                                + tensor.tensor().shape(),
                                        role(tensor)),
                                Optional.ofNullable(statistics.get(tensor.tensor())).stream()
                                        .map(known -> "[%s, %s] %s ± %s"
                                                .formatted(
                                                        number(known.min()),
                                                        number(known.max()),
                                                        number(known.mean()),
                                                        number(known.standardDeviation()))))
                        .filter(part -> !part.isBlank())
                        .reduce((a, b) -> a + "  " + b)
                        .orElse("")));
    }

    private void totals(Contents contents, List<ListedTensor> shown) {
        if (shown.size() < contents.tensors().size()) {
            console.print("cli.inspect.shown", shown.size(), contents.tensors().size());
        }
        for (Map.Entry<DType, TensorTotals> entry : TensorTotals.byDType(shown).entrySet()) {
            total(entry.getKey().name(), entry.getValue());
        }
        if (TensorTotals.byDType(shown).size() != 1) {
            total(console.text("cli.inspect.total"), TensorTotals.of(shown));
        }
    }

    private void total(String name, TensorTotals totals) {
        console.print(
                "cli.inspect.totals",
                name,
                count(totals.tensors()),
                count(totals.parameters()),
                ByteSize.of(totals.bytes()));
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
