package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.inspect.compare.ComparisonPage.Percent;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/// The report on what a fine-tuning changed: a row for each block, a column for each kind of layer.
public final class ComparisonReport {
    private static final int MOST_CHANGED = 10;
    private static final int MOST_NAMES = 20;

    private final Console console;
    private final Comparison comparison;

    /// @param console    where it is told
    /// @param comparison what is told
    public ComparisonReport(Console console, Comparison comparison) {
        this.console = console;
        this.comparison = comparison;
    }

    /// Tells of it: the whole, each block, the layers that changed most.
    public void show() {
        console.result(ComparisonJson.of(comparison));
        console.print("cli.inspect.compared", comparison.model(), comparison.base());
        ValueChange total = comparison.total();
        console.print(
                "cli.inspect.changed",
                Percent.of(total.relative()),
                comparison.tensors().size() - comparison.unchanged(),
                comparison.tensors().size(),
                Percent.of(total.elements() == 0 ? 0 : (double) total.changedInBf16() / total.elements()));
        comparison.blocks().forEach(this::blocks);
        outside();
        mostChanged();
        differences();
    }

    private void blocks(String list, SortedMap<Integer, Map<LayerKind, ValueChange>> blocks) {
        List<LayerKind> kinds = Arrays.stream(LayerKind.values())
                .filter(kind -> blocks.values().stream().anyMatch(block -> block.containsKey(kind)))
                .toList();
        TextTable table = new TextTable("r" + "r".repeat(kinds.size()) + "r");
        List<String> head = new ArrayList<>(List.of(console.text("cli.inspect.block")));
        kinds.forEach(kind -> head.add(kind.title().text(console.locale())));
        head.add(console.text("cli.inspect.whole-block"));
        table.row(head);
        Map<LayerKind, ValueChange> all = new EnumMap<>(LayerKind.class);
        blocks.forEach((number, block) -> {
            table.row(row(Integer.toString(number), kinds, block));
            block.forEach((kind, change) -> all.merge(kind, change, ValueChange::plus));
        });
        table.row(row(console.text("cli.inspect.all-blocks"), kinds, all));
        console.line("");
        if (comparison.blocks().size() > 1) {
            console.line(list + ":");
        }
        table.lines().forEach(console::line);
    }

    private static List<String> row(String name, List<LayerKind> kinds, Map<LayerKind, ValueChange> changes) {
        List<String> row = new ArrayList<>(List.of(name));
        for (LayerKind kind : kinds) {
            row.add(Optional.ofNullable(changes.get(kind))
                    .map(change -> Percent.of(change.relative()))
                    .orElse("-"));
        }
        ValueChange whole = changes.values().stream().reduce(ValueChange.NONE, ValueChange::plus);
        row.add(Percent.of(whole.relative()));
        return row;
    }

    private void outside() {
        TextTable table = new TextTable("lr");
        comparison.outside().forEach((module, change) -> table.row(List.of(module, Percent.of(change.relative()))));
        section("cli.inspect.outside", table);
    }

    private void mostChanged() {
        TextTable table = new TextTable("lr");
        comparison.mostChanged().stream()
                .limit(MOST_CHANGED)
                .forEach(tensor -> table.row(List.of(tensor.name(), Percent.of(tensor.relative()))));
        section("cli.inspect.most-changed", table);
    }

    private void section(String key, TextTable table) {
        List<String> lines = table.lines();
        if (!lines.isEmpty()) {
            console.line("");
            console.print(key);
            lines.forEach(line -> console.line("  " + line));
        }
    }

    private void differences() {
        comparison.dtypeDifferences().forEach((pair, count) -> console.print("cli.inspect.dtypes", count, pair));
        names("cli.inspect.only-in-model", comparison.onlyInModel());
        names("cli.inspect.only-in-base", comparison.onlyInBase());
        names("cli.inspect.reshaped", List.copyOf(comparison.reshaped().keySet()));
        names("cli.inspect.not-numbers", comparison.unreadable());
    }

    private void names(String key, List<String> names) {
        if (!names.isEmpty()) {
            console.print(key, names.size());
            names.stream().limit(MOST_NAMES).forEach(name -> console.line("  " + name));
            if (names.size() > MOST_NAMES) {
                console.line("  …");
            }
        }
    }
}
