package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.dialect.DiffusersDialect;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.SettingsReader;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The header of diffusers' files, which tells readers the ranks and alphas of an adapter, so that none has to
/// assume them: the arguments of PEFT's `LoraConfig`.
///
/// Source: diffusers' `_pack_dict_with_prefix` and what its loader takes out of `lora_adapter_metadata`.
public final class AdapterMetadata {
    private AdapterMetadata() {}

    /// Rank and alpha of a module.
    ///
    /// @param rank  its rank
    /// @param alpha its alpha
    public record Strength(int rank, double alpha) {}

    /// The header of a file of diffusers in which every module has a known alpha.
    ///
    /// @param component the component's folder in the pipeline
    /// @param modules   rank and alpha of every adapted module; not empty
    public static Map<String, String> header(String component, SequencedMap<String, Strength> modules) {
        ObjectNode json = JsonFile.newObject();
        fields(json, DiffusersDialect.prefixOf(component) + ".", "lora_alpha", modules);
        return header(json);
    }

    /// The header of an adapter's file of diffusers; without a word of alpha where it is not known of all.
    ///
    /// @param adapter the adapter, under the model's names
    /// @param alpha   an alpha that goes before what it records
    public static Map<String, String> header(AdapterContent adapter, OptionalDouble alpha) {
        SequencedMap<String, Strength> strengths = strengths(adapter, alpha);
        boolean complete = adapter.modules().values().stream()
                .allMatch(module -> !module.usesAlpha() || strengths.containsKey(module.name()));
        if (!complete || strengths.isEmpty()) {
            return plainHeader();
        }
        ObjectNode json = JsonFile.newObject();
        String prefix = adapter.component() + ".";
        fields(json, prefix, "lora_alpha", strengths);
        adapter.settings().baseModel().ifPresent(name -> json.put(prefix + "base_model_name_or_path", name));
        flags(json, prefix, adapter);
        return header(json);
    }

    /// A header that only says what the file is.
    public static Map<String, String> plainHeader() {
        return Map.of("format", "pt");
    }

    static void flags(ObjectNode json, String prefix, AdapterContent adapter) {
        if (has(adapter, AdaptedModule::rankStabilized)) {
            json.put(prefix + "use_rslora", true);
        }
        if (has(
                adapter,
                module -> module.weight().stream()
                        .anyMatch(change -> "dora".equals(change.delta().kind())))) {
            json.put(prefix + "use_dora", true);
        }
        if (has(
                adapter,
                module ->
                        module.bias().stream().anyMatch(change -> change.scaling() == AdaptedModule.Scaling.PRODUCT))) {
            json.put(prefix + "lora_bias", true);
        }
    }

    private static boolean has(AdapterContent adapter, java.util.function.Predicate<AdaptedModule> test) {
        return adapter.modules().values().stream().anyMatch(test);
    }

    private static SequencedMap<String, Strength> strengths(AdapterContent adapter, OptionalDouble alpha) {
        SequencedMap<String, Strength> strengths = new LinkedHashMap<>();
        adapter.modules().forEach((name, module) -> {
            OptionalDouble known = known(module, alpha);
            if (module.usesAlpha() && known.isPresent()) {
                strengths.put(name, new Strength(module.rank().orElseThrow(), known.getAsDouble()));
            }
        });
        return strengths;
    }

    static OptionalDouble known(AdaptedModule module, OptionalDouble alpha) {
        return alpha.isPresent() ? alpha : module.alpha();
    }

    /// Writes ranks, alphas and the names of modules.
    ///
    /// @param json    takes them
    /// @param prefix  what stands before each field
    /// @param alpha   what the field of alpha is called
    /// @param modules the modules
    static void fields(ObjectNode json, String prefix, String alpha, SequencedMap<String, Strength> modules) {
        Strength common = modules.values().stream()
                .max(Comparator.comparingInt(Strength::rank))
                .orElse(new Strength(1, 1));
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
        json.set(prefix + "alpha_pattern", alphas);
        put(json, prefix + alpha, common.alpha());
        json.put(prefix + "r", common.rank());
        json.set(prefix + "rank_pattern", ranks);
        json.set(prefix + "target_modules", targets);
    }

    private static Map<String, String> header(ObjectNode json) {
        Map<String, String> metadata = new LinkedHashMap<>(plainHeader());
        metadata.put(SettingsReader.DIFFUSERS_KEY, JsonFile.format(json).strip());
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
