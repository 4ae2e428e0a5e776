package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.lora.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraLayer;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Adapters as JSON.
public final class LoraJson {
    private LoraJson() {}

    /// The adapters that go into a model, and how strongly.
    public static void applied(List<AppliedAdapter> adapters, ArrayNode array) {
        for (AppliedAdapter applied : adapters) {
            ObjectNode node = array.addObject();
            node.put("path", applied.adapter().file().toString());
            node.put("layers", applied.adapter().layers().size());
            node.put("rank", rank(applied.adapter()));
            node.put("scale", applied.scale());
            applied.alpha().ifPresent(alpha -> node.put("alpha", alpha));
            LoraLayer first = applied.adapter().layers().firstEntry().getValue();
            node.put("factor", first.factor(applied.scale(), applied.alpha()));
        }
    }

    /// The largest rank; mostly all layers have the same.
    public static int rank(LoraAdapter adapter) {
        return adapter.layers().values().stream()
                .mapToInt(LoraLayer::rank)
                .max()
                .orElse(0);
    }
}
