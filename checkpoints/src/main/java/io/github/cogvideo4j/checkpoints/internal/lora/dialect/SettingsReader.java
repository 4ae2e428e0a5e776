package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The reader of [AdapterSettings].
///
/// Sources: PEFT's `LoraConfig`, `LoHaConfig` and `LoKrConfig`; diffusers writes the first into a header with
/// the component before every field (`lora_adapter_metadata`), finetrainers without (`lora_config`); kohya's
/// scripts write `ss_network_dim` and `ss_network_alpha`.
public final class SettingsReader {
    /// diffusers' key in the header of a safetensors file.
    public static final String DIFFUSERS_KEY = "lora_adapter_metadata";

    private static final String FINETRAINERS_KEY = "lora_config";
    private static final List<String> BASE_KEYS =
            List.of("base_model", "base_model_name_or_path", "ss_base_model_version", "ss_sd_model_name");
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.]+");
    private static final int LONGEST_NAME = 200;

    private final ObjectNode json;
    private final String prefix;
    private final Place place;

    private SettingsReader(ObjectNode json, String prefix, Place place) {
        this.json = json;
        this.prefix = prefix;
        this.place = place;
    }

    /// Reads what a header says.
    ///
    /// @throws io.github.cogvideo4j.formats.FormatException `lora-alpha` when it is no JSON
    /// @throws InvalidCheckpointException                  `lora-alpha` when a number cannot be meant
    public static AdapterSettings ofHeader(Map<String, String> header, Place place) {
        AdapterSettings settings = AdapterSettings.NONE;
        for (String key : List.of(DIFFUSERS_KEY, FINETRAINERS_KEY)) {
            String text = header.get(key);
            if (text != null) {
                settings = settings.orElse(of(JsonFile.parseObject(text, place, ProblemCode.LORA_ALPHA), place));
            }
        }
        return settings.orElse(ofKohya(header, place));
    }

    /// Reads a configuration's fields, with or without a component before them.
    public static AdapterSettings of(ObjectNode json, Place place) {
        String prefix = DiffusersDialect.COMPONENTS.stream()
                .map(component -> component + ".")
                .filter(component -> json.has(component + "r") || json.has(component + "lora_alpha"))
                .findFirst()
                .orElse("");
        return new SettingsReader(json, prefix, place).read();
    }

    private AdapterSettings read() {
        OptionalDouble alpha = number("lora_alpha");
        return new AdapterSettings(
                number("r"),
                // LoHa and LoKr call it so.
                alpha.isPresent() ? alpha : number("alpha"),
                field("use_rslora").asBoolean(false),
                pattern("rank_pattern"),
                pattern("alpha_pattern"),
                field("use_dora").asBoolean(false),
                names("modules_to_save"),
                field("bias").isString() && !"none".equals(field("bias").asString("none")),
                text("base_model_name_or_path").or(() -> text("base_model")));
    }

    private static AdapterSettings ofKohya(Map<String, String> header, Place place) {
        return new AdapterSettings(
                kohyaNumber(header, "ss_network_dim", place),
                kohyaNumber(header, "ss_network_alpha", place),
                false,
                new LinkedHashMap<>(),
                new LinkedHashMap<>(),
                false,
                Set.of(),
                false,
                BASE_KEYS.stream()
                        .flatMap(key -> Optional.ofNullable(header.get(key)).stream())
                        .filter(SettingsReader::isName)
                        .findFirst());
    }

    private static OptionalDouble kohyaNumber(Map<String, String> header, String key, Place place) {
        String text = header.get(key);
        if (text == null || text.isBlank() || "None".equals(text) || "Dynamic".equals(text)) {
            return OptionalDouble.empty();
        }
        try {
            return OptionalDouble.of(positive(key, Double.parseDouble(text), text, place));
        } catch (NumberFormatException _) {
            return OptionalDouble.of(positive(key, Double.NaN, text, place));
        }
    }

    private SequencedMap<String, Double> pattern(String name) {
        SequencedMap<String, Double> pattern = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : field(name).properties()) {
            String module = entry.getKey().startsWith("^") ? entry.getKey().substring(1) : entry.getKey();
            if (!PLAIN.matcher(module).matches()) {
                throw new InvalidCheckpointException(
                        ProblemCode.LORA_ALPHA, place, "checkpoints.lora.pattern", name, entry.getKey());
            }
            pattern.put(entry.getKey(), positive(name, entry.getValue()));
        }
        return pattern;
    }

    private Set<String> names(String name) {
        Set<String> names = new LinkedHashSet<>();
        field(name).forEach(value -> names.add(value.asString("")));
        names.remove("");
        return names;
    }

    private Optional<String> text(String name) {
        return Optional.of(field(name).asString("")).filter(SettingsReader::isName);
    }

    private static boolean isName(String text) {
        return !text.isBlank() && text.length() <= LONGEST_NAME;
    }

    private OptionalDouble number(String name) {
        JsonNode value = field(name);
        return value.isMissingNode() || value.isNull()
                ? OptionalDouble.empty()
                : OptionalDouble.of(positive(name, value));
    }

    private double positive(String name, JsonNode value) {
        return positive(name, value.isNumber() ? value.doubleValue() : Double.NaN, value, place);
    }

    private static double positive(String name, double number, Object shown, Place place) {
        if (!(number > 0 && number <= AdapterSettings.LARGEST_ALPHA)) {
            throw new InvalidCheckpointException(
                    ProblemCode.LORA_ALPHA, place, "checkpoints.lora.metadata-value", name, shown);
        }
        return number;
    }

    private JsonNode field(String name) {
        return json.path(prefix + name);
    }
}
