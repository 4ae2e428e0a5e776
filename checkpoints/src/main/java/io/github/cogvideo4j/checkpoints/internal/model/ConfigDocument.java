package io.github.cogvideo4j.checkpoints.internal.model;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A JSON object that configures something: read within limits, asked for typed values, written back as
/// diffusers writes it with every key it came with.
///
/// Whatever is wrong with a value is a `config-invalid` that names the field and the value.
public final class ConfigDocument {
    /// The largest configuration that is read. Real ones are below 10 KB.
    public static final int MAX_BYTES = 1 << 20;

    private final Place place;
    private final ObjectNode json;

    private ConfigDocument(Place place, ObjectNode json) {
        this.place = place;
        this.json = json;
    }

    /// Reads a file.
    ///
    /// @throws InvalidCheckpointException `config-missing` when there is no such file
    /// @throws io.github.cogvideo4j.formats.MalformedFileException `config-invalid` when it is too large, or is
    /// no JSON object
    public static ConfigDocument read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new InvalidCheckpointException(
                    ProblemCode.CONFIG_MISSING,
                    Place.of(file),
                    "checkpoints.config.absent",
                    String.valueOf(file.getFileName()));
        }
        return new ConfigDocument(Place.of(file), JsonFile.readObject(file, MAX_BYTES, ProblemCode.CONFIG_INVALID));
    }

    /// An empty document, to be filled with the `with` methods.
    public static ConfigDocument empty() {
        return new ConfigDocument(Place.nowhere(), JsonFile.newObject());
    }

    /// The same document with a field set to a string.
    public ConfigDocument with(String field, String value) {
        return new ConfigDocument(place, json.deepCopy().put(field, value));
    }

    /// The same document with a field set to a whole number.
    public ConfigDocument with(String field, long value) {
        return new ConfigDocument(place, json.deepCopy().put(field, value));
    }

    /// The same document with a field set to a number.
    public ConfigDocument with(String field, double value) {
        return new ConfigDocument(place, json.deepCopy().put(field, value));
    }

    /// The same document with a field set to true or false.
    public ConfigDocument with(String field, boolean value) {
        return new ConfigDocument(place, json.deepCopy().put(field, value));
    }

    /// The same document with a field set to a list of strings or whole numbers.
    public ConfigDocument with(String field, List<?> values) {
        ObjectNode copy = json.deepCopy();
        ArrayNode list = copy.putArray(field);
        for (Object value : values) {
            if (value instanceof Number number) {
                list.add(number.longValue());
            } else {
                list.add(value.toString());
            }
        }
        return new ConfigDocument(place, copy);
    }

    /// The same document without a field.
    public ConfigDocument without(String field) {
        ObjectNode copy = json.deepCopy();
        copy.remove(field);
        return new ConfigDocument(place, copy);
    }

    /// Where it was read.
    public Place place() {
        return place;
    }

    /// The keys, in the order of the file.
    public Set<String> fields() {
        return Collections.unmodifiableSet(new LinkedHashSet<>(json.propertyNames()));
    }

    /// Whether the key is there, even as null.
    public boolean has(String field) {
        return json.has(field);
    }

    /// A value as JSON text, empty when the key is absent.
    public Optional<String> rawValue(String field) {
        return Optional.ofNullable(json.get(field)).map(JsonNode::toString);
    }

    /// A whole number in a range, or the fallback when the key is absent.
    public int integer(String field, int fallback, int least, int most) {
        return json.has(field) ? wholeNumber(field, least, most) : fallback;
    }

    /// A whole number in a range; empty when the key is absent or null.
    public OptionalInt optionalInteger(String field, int least, int most) {
        JsonNode value = json.get(field);
        return value == null || value.isNull() ? OptionalInt.empty() : OptionalInt.of(wholeNumber(field, least, most));
    }

    /// A finite number, or the fallback when the key is absent.
    public double number(String field, double fallback) {
        JsonNode value = json.get(field);
        if (value == null) {
            return fallback;
        }
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw invalid("checkpoints.config.not-number", field, value);
        }
        return value.doubleValue();
    }

    /// True or false, or the fallback when the key is absent.
    public boolean flag(String field, boolean fallback) {
        JsonNode value = json.get(field);
        if (value == null) {
            return fallback;
        }
        if (!value.isBoolean()) {
            throw invalid("checkpoints.config.not-boolean", field, value);
        }
        return value.booleanValue();
    }

    /// A string, or the fallback when the key is absent.
    public String text(String field, String fallback) {
        JsonNode value = json.get(field);
        if (value == null) {
            return fallback;
        }
        if (!value.isString()) {
            throw invalid("checkpoints.config.not-string", field, value);
        }
        return value.stringValue();
    }

    /// A list of whole numbers in a range.
    public List<Long> integers(String field, int least, int most) {
        List<Long> items = new ArrayList<>();
        JsonNode value = json.get(field);
        for (JsonNode item : value == null ? json.arrayNode() : value) {
            if (!item.isIntegralNumber()
                    || !item.canConvertToInt()
                    || item.intValue() < least
                    || item.intValue() > most) {
                throw invalid("checkpoints.config.not-integer", field, String.valueOf(value));
            }
            items.add(item.longValue());
        }
        return items;
    }

    /// A list of strings and nulls (which become empty strings); empty when the value is something else.
    public Optional<List<String>> strings(String field) {
        JsonNode value = json.get(field);
        if (value == null || !value.isArray()) {
            return Optional.empty();
        }
        List<String> items = new ArrayList<>();
        for (JsonNode item : value) {
            if (!item.isString() && !item.isNull()) {
                return Optional.empty();
            }
            items.add(item.isNull() ? "" : item.stringValue());
        }
        return Optional.of(List.copyOf(items));
    }

    /// The library that quantized the weights beside this configuration: `bitsandbytes`, `torchao`, `gguf`,
    /// ...: they then have other names, types and sizes than the model's own. Empty where they were not.
    public Optional<String> quantization() {
        JsonNode settings = json.path("quantization_config");
        return settings.isObject()
                ? Optional.of(settings.path("quant_method").asString("quantization_config"))
                : Optional.empty();
    }

    /// The document as diffusers writes it: keys sorted, two spaces, ASCII only, one newline at the end.
    public String toJson() {
        return JsonFile.formatSorted(json);
    }

    /// The exception that says what is wrong with this document: a `config-invalid` here.
    public InvalidCheckpointException invalid(String key, Object... arguments) {
        return new InvalidCheckpointException(ProblemCode.CONFIG_INVALID, place, key, arguments);
    }

    private int wholeNumber(String field, int least, int most) {
        JsonNode value = json.get(field);
        if (value == null || !value.isIntegralNumber()) {
            throw invalid("checkpoints.config.not-integer", field, String.valueOf(value));
        }
        BigInteger number = value.bigIntegerValue();
        if (number.compareTo(BigInteger.valueOf(least)) < 0 || number.compareTo(BigInteger.valueOf(most)) > 0) {
            throw invalid("checkpoints.config.out-of-range", field, number, least, most);
        }
        return number.intValueExact();
    }
}
