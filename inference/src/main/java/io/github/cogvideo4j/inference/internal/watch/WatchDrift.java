package io.github.cogvideo4j.inference.internal.watch;

import static io.github.cogvideo4j.inference.internal.watch.WatchPage.say;

import io.github.cogvideo4j.checkpoints.inspect.compare.ComparisonPage.Percent;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.checkpoints.internal.inspect.page.ColourScale;
import io.github.cogvideo4j.checkpoints.internal.inspect.page.Html;
import io.github.cogvideo4j.inference.internal.watch.StepChart.Curve;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Block;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;

/// How far the weights are from others: a heat map of blocks by checkpoints, and the same as curves.
final class WatchDrift {
    /// From so many checkpoints on, the cells of the heat map are too narrow for numbers to be seen.
    private static final int DENSE = 16;

    /// The blocks of one list, or the modules outside of the blocks.
    ///
    /// @param title what they are called
    /// @param rows  the changes of each, one for each checkpoint
    private record Part(String title, List<Row> rows) {}

    private record Row(String name, List<OptionalDouble> changes) {}

    private final Html html;
    private final WatchReport report;
    private final String id;
    private final List<Optional<Drift>> drifts;
    private final List<Part> parts;
    private final ColourScale scale;

    /// @param which what the weights are compared with
    /// @param id    the section that this is written into
    WatchDrift(Html html, WatchReport report, Function<WatchedCheckpoint, Optional<Drift>> which, String id) {
        this.html = html;
        this.report = report;
        this.id = id;
        this.drifts = report.checkpoints().stream().map(which).toList();
        this.parts = parts();
        this.scale = ColourScale.of(parts.stream()
                .flatMap(part -> part.rows().stream())
                .flatMap(row -> row.changes().stream())
                .flatMap(change -> change.stream().boxed())
                .toList());
    }

    boolean isKnown() {
        return drifts.stream().anyMatch(Optional::isPresent);
    }

    void write() {
        heatMap();
        html.leaf("h3", say("drift-curves")).leaf("p", say("drift-curves-note"), "class", "note");
        html.open("div", "class", "charts");
        parts.forEach(this::chart);
        html.close("div");
        kinds();
    }

    private List<Part> parts() {
        SequencedMap<String, TreeMap<Integer, List<OptionalDouble>>> lists = new LinkedHashMap<>();
        SequencedMap<String, List<OptionalDouble>> outside = new LinkedHashMap<>();
        for (int i = 0; i < drifts.size(); i++) {
            int checkpoint = i;
            drifts.get(i).ifPresent(drift -> {
                for (Block block : drift.blocks()) {
                    lists.computeIfAbsent(block.list(), list -> new TreeMap<>())
                            .computeIfAbsent(block.number(), number -> nothing())
                            .set(checkpoint, OptionalDouble.of(block.relative()));
                }
                drift.outside()
                        .forEach((module, relative) -> outside.computeIfAbsent(module, name -> nothing())
                                .set(checkpoint, OptionalDouble.of(relative)));
            });
        }
        List<Part> parts = new ArrayList<>();
        lists.forEach((list, blocks) -> parts.add(new Part(list, rows(blocks))));
        if (!outside.isEmpty()) {
            parts.add(new Part("", rows(outside)));
        }
        return List.copyOf(parts);
    }

    private List<OptionalDouble> nothing() {
        return new ArrayList<>(Collections.nCopies(drifts.size(), OptionalDouble.empty()));
    }

    private static List<Row> rows(Map<?, List<OptionalDouble>> changes) {
        return changes.entrySet().stream()
                .map(entry -> new Row(entry.getKey().toString(), entry.getValue()))
                .toList();
    }

    private void heatMap() {
        List<Integer> columns = IntStream.range(0, drifts.size())
                .filter(i -> drifts.get(i).isPresent())
                .boxed()
                .toList();
        scale.legend(html);
        html.open("div", "class", "scroll", "tabindex", "0", "role", "group", "aria-labelledby", id + "-title");
        html.open("table", "class", columns.size() > DENSE ? "heat-map dense" : "heat-map");
        html.open("caption").words(say("heat-map-caption")).close("caption");
        html.open("thead").open("tr").leaf("th", say("block"), "scope", "col");
        columns.forEach(i -> {
            WatchedCheckpoint checkpoint = report.checkpoints().get(i);
            html.open("th", "scope", "col", "title", checkpoint.name());
            html.leaf("span", label(checkpoint)).close("th");
        });
        html.close("tr").close("thead");
        for (Part part : parts) {
            String width = Integer.toString(columns.size() + 1);
            html.open("tbody").open("tr").open("th", "scope", "rowgroup", "class", "part", "colspan", width);
            title(part);
            html.close("th").close("tr");
            part.rows().forEach(row -> row(row, columns));
            html.close("tbody");
        }
        html.open("tfoot").open("tr").leaf("th", say("everything"), "scope", "row");
        columns.forEach(i -> html.open("td", "class", "sum")
                .leaf("span", Percent.of(drifts.get(i).orElseThrow().relative()))
                .close("td"));
        html.close("tr").close("tfoot").close("table").close("div");
    }

    /// Steps alone, where all of a run's checkpoints count the same.
    private String label(WatchedCheckpoint checkpoint) {
        boolean alike =
                report.checkpoints().stream().allMatch(other -> other.kind().equals(checkpoint.kind()));
        return alike ? Long.toString(checkpoint.number()) : checkpoint.name();
    }

    private void title(Part part) {
        if (part.title().isEmpty()) {
            html.words(say("outside"));
        } else {
            html.leaf("code", part.title());
        }
    }

    private void row(Row row, List<Integer> columns) {
        html.open("tr").leaf("th", row.name(), "scope", "row");
        columns.forEach(i -> cell(row.changes().get(i)));
        html.close("tr");
    }

    private void cell(OptionalDouble change) {
        if (change.isEmpty()) {
            html.open("td", "class", "cell none").leaf("span", "–").close("td");
            return;
        }
        double value = change.getAsDouble();
        html.open("td", "class", scale.cellClass(value), "style", scale.style(value));
        html.leaf("span", Percent.of(value)).close("td");
    }

    private void chart(Part part) {
        List<Curve> curves = new ArrayList<>();
        curves.add(new Curve(
                "",
                "line whole",
                "",
                drifts.stream()
                        .map(drift -> drift.map(known -> OptionalDouble.of(known.relative()))
                                .orElse(OptionalDouble.empty()))
                        .toList()));
        int last = Math.max(1, part.rows().size() - 1);
        for (int i = 0; i < part.rows().size(); i++) {
            Row row = part.rows().get(i);
            curves.add(new Curve(row.name(), "line block", ColourScale.styleAt((double) i / last), row.changes()));
        }
        if (!StepChart.isAnythingIn(curves)) {
            return;
        }
        String caption = id + "-chart-" + parts.indexOf(part);
        html.open("figure").open("figcaption", "id", caption);
        title(part);
        html.text(" ").leaf("span", say("thick-is-everything"), "class", "soft").close("figcaption");
        new StepChart(html, report.checkpoints(), Percent::of).draw(caption, curves, List.of(), true, -1);
        html.close("figure");
    }

    /// The newest checkpoint by kinds of layer.
    private void kinds() {
        int newest = drifts.size() - 1;
        while (newest >= 0 && drifts.get(newest).isEmpty()) {
            newest--;
        }
        Drift drift = drifts.get(newest).orElseThrow();
        List<LayerKind> columns = Arrays.stream(LayerKind.values())
                .filter(kind ->
                        drift.blocks().stream().anyMatch(block -> block.kinds().containsKey(kind)))
                .toList();
        if (columns.isEmpty()) {
            return;
        }
        html.open("details")
                .leaf("summary", say("by-kind", report.checkpoints().get(newest).name()));
        html.open("div", "class", "scroll", "tabindex", "0", "role", "group", "aria-labelledby", id + "-title");
        html.open("table", "class", "heat-map kinds").open("thead").open("tr");
        html.leaf("th", say("block"), "scope", "col");
        columns.forEach(kind -> html.leaf("th", kind.title()::text, "scope", "col"));
        html.close("tr").close("thead").open("tbody");
        for (Block block : drift.blocks()) {
            html.open("tr").leaf("th", blockName(drift, block), "scope", "row");
            for (LayerKind kind : columns) {
                Double change = block.kinds().get(kind);
                cell(change == null ? OptionalDouble.empty() : OptionalDouble.of(change));
            }
            html.close("tr");
        }
        html.close("tbody").close("table").close("div").close("details");
    }

    private static String blockName(Drift drift, Block block) {
        boolean one = drift.blocks().stream().allMatch(other -> other.list().equals(block.list()));
        return one ? Integer.toString(block.number()) : block.list() + " " + block.number();
    }
}
