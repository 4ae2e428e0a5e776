package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.options.CacheChoice;

/// The report at the end of a generation on what its step cache left to be computed.
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
}
