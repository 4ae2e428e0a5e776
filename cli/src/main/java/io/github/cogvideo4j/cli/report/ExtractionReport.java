package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.lora.LoraExtraction;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `lora extract`: what is told of an extraction, for people and as JSON.
///
/// @param console what it talks to
public record ExtractionReport(Console console) {
    /// A row for each layer, and what the adapter keeps of the change.
    public void show(LoraExtraction.Result done) {
        ObjectNode result = JsonFile.newObject();
        result.put("output", done.file().toString());
        result.put("bytes", done.bytes());
        result.put("kept", done.kept());
        result.put("outside", done.outside());
        ArrayNode layers = result.putArray("layers");
        TextTable table = new TextTable("lrrr");
        table.row(List.of(
                console.text("cli.lora.weight"),
                console.text("cli.lora.rank"),
                console.text("cli.lora.change"),
                console.text("cli.lora.kept")));
        for (LoraExtraction.Layer layer : done.layers()) {
            ObjectNode node = layers.addObject();
            node.put("weight", layer.weight());
            node.put("rank", layer.rank());
            node.put("change", layer.change());
            node.put("kept", layer.kept());
            table.row(List.of(
                    layer.weight(),
                    String.valueOf(layer.rank()),
                    "%.4g".formatted(layer.change()),
                    percent(layer.kept())));
        }
        console.result(result);
        table.lines().forEach(console::line);
        console.print(
                "cli.lora.extract.done",
                done.layers().size(),
                percent(done.kept()),
                percent(done.outside()),
                ByteSize.of(done.bytes()),
                done.file());
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f%%", share * 100);
    }
}
