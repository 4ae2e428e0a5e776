package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.cli.console.Console;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/// The report on how large the change of adapters is beside the weights.
public final class StrengthReport {
    private StrengthReport() {}

    /// Shows it.
    ///
    /// @param node takes it for machines
    public static void show(LoraFusion.Strength strength, Console console, ObjectNode node) {
        node.put("change_ratio", strength.ratio());
        node.put("largest_change_ratio", strength.largest());
        node.put("largest_change", strength.tensor());
        console.print("cli.lora.strength", rounded(strength.ratio()), rounded(strength.largest()), strength.tensor());
    }

    private static String rounded(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }
}
