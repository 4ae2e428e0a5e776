package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.convert.MergeRequest;
import io.github.cogvideo4j.checkpoints.lora.LoraMerge;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The report on adapters that become one, for people and as JSON.
public final class MergedAdapterReport {
    private final MergeRequest.Plan.AdapterPlan plan;
    private final Console console;

    /// @param plan    the merge
    /// @param console where it is told
    public MergedAdapterReport(MergeRequest.Plan.AdapterPlan plan, Console console) {
        this.plan = plan;
        this.console = console;
    }

    /// The plan: every layer with the ranks that it has and gets.
    public void showPlan() {
        ObjectNode result = header();
        showLayers(plan.merge().layers(), result);
        console.print("cli.merge.adapter-plan", plan.merge().file());
        console.result(result);
    }

    /// Carries the plan out and tells what came of it.
    public void merge() throws IOException {
        LoraMerge.Result done;
        try (ConversionProgress progress = new ConversionProgress(console)) {
            done = plan.run(progress.control()).adapter().orElseThrow();
        }
        ObjectNode result = header();
        result.put("bytes", done.bytes());
        result.put("kept", done.kept());
        showLayers(done.layers(), result);
        console.print(
                "cli.merge.adapter-done",
                done.layers().size(),
                done.file(),
                ByteSize.of(done.bytes()),
                percent(done.kept()),
                percent(Math.max(0, 1 - done.kept())));
        MergeText.showNext(done.file(), plan.sources(), Optional.empty(), console);
        console.result(result);
    }

    private ObjectNode header() {
        ObjectNode result = JsonFile.newObject();
        MergeText.show(plan.sources(), console, result);
        result.put("output", plan.merge().file().toString());
        return result;
    }

    private void showLayers(List<LoraMerge.Layer> layers, ObjectNode result) {
        ArrayNode list = result.putArray("layers");
        TextTable table = new TextTable("lrrr");
        table.row(List.of(
                console.text("cli.lora.weight"),
                console.text("cli.merge.ranks"),
                console.text("cli.lora.rank"),
                console.text("cli.lora.kept")));
        for (LoraMerge.Layer layer : layers) {
            ObjectNode node = list.addObject();
            node.put("module", layer.module());
            node.put("rank_sum", layer.sum());
            node.put("rank", layer.rank());
            boolean known = !Double.isNaN(layer.kept());
            if (known) {
                node.put("kept", layer.kept());
            }
            table.row(List.of(
                    layer.module(),
                    String.valueOf(layer.sum()),
                    String.valueOf(layer.rank()),
                    known ? percent(layer.kept()) : "?"));
        }
        table.lines().forEach(console::line);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f%%", share * 100);
    }
}
