package io.github.cogvideo4j.checkpoints.internal.inspect.page;

import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.inspect.compare.ComparisonPage.Percent;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;

/// The blocks as rows, the kinds of layer as columns, and what lies around the blocks below. A table, so that
/// it can be read aloud and copied; every cell says its value in text.
public final class HeatMap {
    private final Html html;
    private final SequencedMap<String, SortedMap<Integer, Map<LayerKind, ValueChange>>> lists;
    private final Map<String, ValueChange> outside;
    private final ColourScale scale;

    public HeatMap(Html html, Comparison comparison) {
        this.html = html;
        this.lists = comparison.blocks();
        this.outside = comparison.outside();
        List<Double> changes = new ArrayList<>();
        lists.values()
                .forEach(list -> list.values()
                        .forEach(block -> block.values().forEach(change -> changes.add(change.relative()))));
        outside.values().forEach(change -> changes.add(change.relative()));
        this.scale = ColourScale.of(changes);
    }

    public void write() {
        html.leaf("p", html.say("checkpoints.page.heat-map-explained"), "class", "note");
        scale.legend(html);
        lists.forEach(this::table);
        around();
    }

    /// One list of blocks; a model may have several, of different layers.
    private void table(String list, SortedMap<Integer, Map<LayerKind, ValueChange>> blocks) {
        List<LayerKind> columns = Arrays.stream(LayerKind.values())
                .filter(kind -> blocks.values().stream().anyMatch(block -> block.containsKey(kind)))
                .toList();
        if (lists.size() > 1) {
            html.leaf("h3", list);
        }
        html.open("div", "class", "scroll").open("table", "class", "heat-map");
        html.leaf("caption", html.say("checkpoints.page.heat-map-caption"));
        head(columns);
        html.open("tbody");
        blocks.forEach((number, block) -> row(number, block, columns));
        html.close("tbody");
        foot(blocks, columns);
        html.close("table").close("div");
    }

    private void head(List<LayerKind> columns) {
        html.open("thead").open("tr");
        html.leaf("th", html.say("checkpoints.page.block"), "scope", "col");
        columns.forEach(kind -> html.leaf("th", html.say(kind.title().key()), "scope", "col"));
        html.leaf("th", html.say("checkpoints.page.whole-block"), "scope", "col", "class", "sum");
        html.close("tr").close("thead");
    }

    private void row(int number, Map<LayerKind, ValueChange> block, List<LayerKind> columns) {
        html.open("tr").leaf("th", Integer.toString(number), "scope", "row");
        for (LayerKind kind : columns) {
            cell(
                    html.say(
                            "checkpoints.page.block-kind",
                            number,
                            html.say(kind.title().key())),
                    Optional.ofNullable(block.get(kind)));
        }
        ValueChange whole = block.values().stream().reduce(ValueChange.NONE, ValueChange::plus);
        html.leaf("td", Percent.of(whole.relative()), "class", "sum");
        html.close("tr");
    }

    private void foot(SortedMap<Integer, Map<LayerKind, ValueChange>> blocks, List<LayerKind> columns) {
        html.open("tfoot").open("tr");
        html.leaf("th", html.say("checkpoints.page.all-blocks"), "scope", "row");
        ValueChange all = ValueChange.NONE;
        for (LayerKind kind : columns) {
            ValueChange change = blocks.values().stream()
                    .map(block -> block.getOrDefault(kind, ValueChange.NONE))
                    .reduce(ValueChange.NONE, ValueChange::plus);
            all = all.plus(change);
            html.leaf("td", Percent.of(change.relative()), "class", "sum");
        }
        html.leaf("td", Percent.of(all.relative()), "class", "sum");
        html.close("tr").close("tfoot");
    }

    private void cell(String what, Optional<ValueChange> found) {
        if (found.isEmpty()) {
            html.leaf("td", "–", "class", "cell none");
            return;
        }
        ValueChange change = found.get();
        html.leaf(
                "td",
                Percent.of(change.relative()),
                "class",
                scale.cellClass(change.relative()),
                "style",
                scale.style(change.relative()),
                "title",
                details(what, change));
    }

    private String details(String what, ValueChange change) {
        return html.say(
                "checkpoints.page.cell-details",
                what,
                Percent.of(change.relative()),
                change.elements(),
                "%.3g".formatted(change.largest()));
    }

    /// The modules around the blocks, as tiles of the same colours.
    private void around() {
        if (outside.isEmpty()) {
            return;
        }
        html.leaf("h3", html.say("checkpoints.page.outside"));
        html.open("ul", "class", "tiles");
        outside.forEach((module, change) -> {
            html.open(
                    "li",
                    "class",
                    scale.cellClass(change.relative()),
                    "style",
                    scale.style(change.relative()),
                    "title",
                    details(module, change));
            html.leaf("span", module).leaf("b", Percent.of(change.relative())).close("li");
        });
        html.close("ul");
    }
}
