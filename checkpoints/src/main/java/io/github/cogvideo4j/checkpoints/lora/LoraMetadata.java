package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What an adapter says of itself: PEFT's `LoraConfig`, in the header of a safetensors file as diffusers
/// writes it (every field prefixed with the component), or in PEFT's `adapter_config.json`.
///
/// @param rank           the rank of most modules
/// @param alpha          the alpha of most modules
/// @param rankStabilized whether alpha is divided by the rank's square root
/// @param alphaPattern   alphas of single modules, by module or by the end of its name
record LoraMetadata(
        OptionalDouble rank, OptionalDouble alpha, boolean rankStabilized, SequencedMap<String, Double> alphaPattern) {
    /// The key in the header of a safetensors file.
    static final String KEY = "lora_adapter_metadata";

    /// Nothing said.
    static final LoraMetadata NONE =
            new LoraMetadata(OptionalDouble.empty(), OptionalDouble.empty(), false, new LinkedHashMap<>());

    private static final String COMPONENT = "transformer.";
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.]+");

    /// Reads what a header says.
    ///
    /// @throws io.github.cogvideo4j.formats.FormatException `lora-alpha` when it is no JSON
    static LoraMetadata ofHeader(Map<String, String> header, Place place) {
        String text = header.get(KEY);
        return text == null ? NONE : of(JsonFile.parseObject(text, place, ProblemCode.LORA_ALPHA), place);
    }

    /// Reads the fields, with or without the component's prefix.
    static LoraMetadata of(ObjectNode json, Place place) {
        if (field(json, "use_dora").asBoolean(false)) {
            throw new InvalidCheckpointException(ProblemCode.UNSUPPORTED_TENSOR, place, "checkpoints.lora.dora");
        }
        SequencedMap<String, Double> pattern = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : field(json, "alpha_pattern").properties()) {
            String module = entry.getKey().startsWith("^") ? entry.getKey().substring(1) : entry.getKey();
            if (!PLAIN.matcher(module).matches()) {
                throw new InvalidCheckpointException(
                        ProblemCode.LORA_ALPHA, place, "checkpoints.lora.alpha-pattern", entry.getKey());
            }
            pattern.put(module, positive("alpha_pattern", entry.getValue(), place));
        }
        return new LoraMetadata(
                number(json, "r", place),
                number(json, "lora_alpha", place),
                field(json, "use_rslora").asBoolean(false),
                pattern);
    }

    /// The alpha of a module.
    OptionalDouble alphaOf(String module) {
        for (Map.Entry<String, Double> entry : alphaPattern.entrySet()) {
            if (module.equals(entry.getKey()) || module.endsWith("." + entry.getKey())) {
                return OptionalDouble.of(entry.getValue());
            }
        }
        return alpha;
    }

    private static OptionalDouble number(ObjectNode json, String name, Place place) {
        JsonNode value = field(json, name);
        return value.isMissingNode() || value.isNull()
                ? OptionalDouble.empty()
                : OptionalDouble.of(positive(name, value, place));
    }

    private static double positive(String name, JsonNode value, Place place) {
        double number = value.isNumber() ? value.doubleValue() : Double.NaN;
        if (!(number > 0 && number <= LoraAdapter.LARGEST_ALPHA)) {
            throw new InvalidCheckpointException(
                    ProblemCode.LORA_ALPHA, place, "checkpoints.lora.metadata-value", name, value);
        }
        return number;
    }

    private static JsonNode field(ObjectNode json, String name) {
        JsonNode prefixed = json.path(COMPONENT + name);
        return prefixed.isMissingNode() ? json.path(name) : prefixed;
    }
}
