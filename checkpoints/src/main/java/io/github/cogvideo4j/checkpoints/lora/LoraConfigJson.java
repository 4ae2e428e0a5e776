package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.formats.json.JsonFile;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The header that tells readers the ranks and alphas of an adapter, so that none has to assume them.
///
/// Source: diffusers' `_pack_dict_with_prefix` and what its loader takes out of `lora_adapter_metadata`: the
/// arguments of PEFT's `LoraConfig`, each with the component's prefix.
final class LoraConfigJson {
    private static final String PREFIX = "transformer.";

    private LoraConfigJson() {}

    /// Rank and alpha of a module.
    ///
    /// @param rank  its rank
    /// @param alpha its alpha
    record Strength(int rank, double alpha) {}

    /// The metadata of a file.
    ///
    /// @param modules rank and alpha of every adapted module; not empty
    static Map<String, String> metadata(SequencedMap<String, Strength> modules) {
        Strength common = modules.values().stream()
                .max(Comparator.comparingInt(Strength::rank))
                .orElseThrow();
        ObjectNode json = JsonFile.newObject();
        ObjectNode alphas = JsonFile.newObject();
        ObjectNode ranks = JsonFile.newObject();
        ArrayNode targets = JsonFile.newObject().putArray("targets");
        modules.forEach((module, strength) -> {
            targets.add(module);
            if (strength.alpha() != common.alpha()) {
                put(alphas, module, strength.alpha());
            }
            if (strength.rank() != common.rank()) {
                ranks.put(module, strength.rank());
            }
        });
        json.set(PREFIX + "alpha_pattern", alphas);
        put(json, PREFIX + "lora_alpha", common.alpha());
        json.put(PREFIX + "r", common.rank());
        json.set(PREFIX + "rank_pattern", ranks);
        json.set(PREFIX + "target_modules", targets);
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        metadata.put(LoraMetadata.KEY, JsonFile.format(json).strip());
        return metadata;
    }

    /// Whole numbers as such: readers print them.
    private static void put(ObjectNode node, String name, double value) {
        if (value == Math.rint(value)) {
            node.put(name, (long) value);
        } else {
            node.put(name, value);
        }
    }
}
