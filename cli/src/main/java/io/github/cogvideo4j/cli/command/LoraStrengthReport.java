package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.cli.console.Console;
import java.nio.file.Path;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/// Tells how large the change of adapters is beside the weights.
final class LoraStrengthReport {
    private LoraStrengthReport() {}

    /// Shows it, and warns where it cannot be good.
    static void show(LoraFusion.Strength strength, Path adapter, Console console, ObjectNode node) {
        node.put("change_ratio", strength.ratio());
        node.put("largest_change_ratio", strength.largest());
        node.put("largest_change", strength.tensor());
        console.print("cli.lora.strength", rounded(strength.ratio()), rounded(strength.largest()), strength.tensor());
        strength.problem(adapter).ifPresent(console::remark);
    }

    private static String rounded(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }
}
