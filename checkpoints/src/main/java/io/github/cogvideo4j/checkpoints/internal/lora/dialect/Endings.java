package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What follows the module in an adapter's names. Tools agree on these far more than on what comes before.
///
/// Sources: PEFT's tuners (`lora_A`, `lora_magnitude_vector`, `hada_…`, `lokr_…`, an adapter's name after them
/// in a live model), kohya's and ComfyUI's `lora_down`, `alpha`, `dora_scale`, `diff`, `diff_b`.
final class Endings {
    /// `.default` and the like, as a live PEFT model has it.
    private static final String ADAPTER = "(?:\\.[A-Za-z0-9_-]{1,64})?";

    private static final Map<Pattern, AdapterPart> READ = read();
    private static final Map<AdapterPart, String> WRITTEN = written();

    private Endings() {}

    /// Takes a name apart whose dialect has been recognised.
    ///
    /// @param name      module and ending
    /// @param flattened whether the module's dots are underscores
    static Optional<AdapterKey> parse(String name, boolean flattened) {
        for (Map.Entry<Pattern, AdapterPart> entry : READ.entrySet()) {
            Matcher matcher = entry.getKey().matcher(name);
            if (matcher.find() && matcher.start() > 0) {
                return Optional.of(new AdapterKey(name.substring(0, matcher.start()), flattened, entry.getValue()));
            }
        }
        return Optional.empty();
    }

    /// The ending by which PEFT and all who follow it know a part; empty when they have no name for it.
    static Optional<String> of(AdapterPart part) {
        return Optional.ofNullable(WRITTEN.get(part));
    }

    private static Map<Pattern, AdapterPart> read() {
        Map<Pattern, AdapterPart> endings = new LinkedHashMap<>();
        put(endings, "\\.lora_A" + ADAPTER + "\\.weight", AdapterPart.LORA_A);
        put(endings, "\\.lora_B" + ADAPTER + "\\.weight", AdapterPart.LORA_B);
        put(endings, "\\.lora_B" + ADAPTER + "\\.bias", AdapterPart.LORA_B_BIAS);
        put(endings, "\\.lora[_.]down\\.weight", AdapterPart.LORA_A);
        put(endings, "\\.lora[_.]up\\.weight", AdapterPart.LORA_B);
        put(endings, "\\.lora_mid\\.weight", AdapterPart.LORA_MID);
        put(endings, "\\.alpha", AdapterPart.ALPHA);
        put(endings, "\\.lora_magnitude_vector" + ADAPTER + "(?:\\.weight)?", AdapterPart.MAGNITUDE);
        put(endings, "\\.dora_scale", AdapterPart.MAGNITUDE);
        for (AdapterPart part : AdapterPart.values()) {
            if (part.name().startsWith("HADA_") || part.name().startsWith("LOKR_")) {
                put(endings, "\\." + part + ADAPTER, part);
            }
        }
        put(endings, "\\.diff", AdapterPart.DIFF);
        put(endings, "\\.diff_b", AdapterPart.DIFF_B);
        put(endings, "\\.base_layer\\.bias", AdapterPart.BIAS);
        put(endings, "\\.modules_to_save\\.[A-Za-z0-9_-]{1,64}\\.weight", AdapterPart.WEIGHT);
        put(endings, "\\.modules_to_save\\.[A-Za-z0-9_-]{1,64}\\.bias", AdapterPart.BIAS);
        return endings;
    }

    private static void put(Map<Pattern, AdapterPart> endings, String regex, AdapterPart part) {
        endings.put(Pattern.compile(regex + "$"), part);
    }

    private static Map<AdapterPart, String> written() {
        Map<AdapterPart, String> endings = new EnumMap<>(AdapterPart.class);
        endings.put(AdapterPart.LORA_A, ".lora_A.weight");
        endings.put(AdapterPart.LORA_B, ".lora_B.weight");
        endings.put(AdapterPart.LORA_B_BIAS, ".lora_B.bias");
        endings.put(AdapterPart.MAGNITUDE, ".lora_magnitude_vector");
        return endings;
    }
}
