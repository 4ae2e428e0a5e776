package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.options.CacheChoice;
import tools.jackson.databind.node.ObjectNode;

/// What a step cache left to be computed, told at the end of a generation.
public final class CacheReport {
    private CacheReport() {}

    /// For people: one line, and one more with the settings that a calibration has measured.
    public static void print(Console console, CacheChoice choice, CacheUse use) {
        long percent = Math.round(100 * use.share());
        if (use.attentions() == use.feedForwards()) {
            console.print("cli.generate.cache", choice.name(), use.attentions(), use.evaluations(), percent);
        } else {
            console.print(
                    "cli.generate.cache-parts",
                    choice.name(),
                    use.attentions(),
                    use.feedForwards(),
                    use.evaluations(),
                    percent);
        }
        if (!use.measured().isEmpty()) {
            console.print("cli.generate.cache-measured", choice.with(use.measured()));
        }
    }

    /// For machines.
    public static ObjectNode json(CacheUse use) {
        ObjectNode json = JsonFile.newObject();
        json.put("computed_attentions", use.attentions());
        json.put("computed_feed_forwards", use.feedForwards());
        json.put("block_evaluations", use.evaluations());
        ObjectNode measured = json.putObject("measured");
        use.measured().forEach(measured::put);
        return json;
    }
}
