package io.github.cogvideo4j.formats.internal.index;

import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.JsonPull;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.core.JsonToken;

/// A parser of an index's JSON, token by token.
final class IndexParser {
    private static final long ENTRY_COST = 200;

    private final JsonPull json;
    private final Place file;
    private final Strictness strictness;
    private final Warnings warnings;
    private final Map<String, String> weightMap = new LinkedHashMap<>();
    private final Map<String, String> shardNames = new LinkedHashMap<>();
    private OptionalLong totalSize = OptionalLong.empty();

    IndexParser(JsonPull json, Place file, Strictness strictness, Warnings warnings) {
        this.json = json;
        this.file = file;
        this.strictness = strictness;
        this.warnings = warnings;
    }

    WeightIndex parse() throws IOException {
        if (json.next() != JsonToken.START_OBJECT) {
            throw json.fault("formats.index.not-an-object");
        }
        Set<String> seen = new HashSet<>();
        while (json.next() == JsonToken.PROPERTY_NAME) {
            String field = json.text();
            json.charge(ENTRY_COST);
            if (!seen.add(field)) {
                throw json.fault("formats.index.field-twice", field);
            }
            JsonToken value = json.next();
            switch (field) {
                case "weight_map" -> readWeightMap(value);
                case "metadata" -> readMetadata(value);
                default -> json.skip();
            }
        }
        json.end();
        if (!seen.contains("weight_map")) {
            throw json.fault("formats.index.no-weight-map");
        }
        return new WeightIndex(totalSize, weightMap);
    }

    private void readWeightMap(JsonToken value) throws IOException {
        if (value != JsonToken.START_OBJECT) {
            throw json.fault("formats.index.weight-map-not-an-object");
        }
        while (json.next() == JsonToken.PROPERTY_NAME) {
            String tensor = json.text();
            if (json.next() != JsonToken.VALUE_STRING) {
                throw json.fault("formats.index.value-not-a-string", tensor);
            }
            json.charge(ENTRY_COST);
            String shard = shard(tensor, json.text());
            String earlier = weightMap.put(tensor, shard);
            if (earlier != null) {
                json.charge(ENTRY_COST);
                strictness.oddity(
                        Problem.of(
                                ProblemCode.INDEX_JSON,
                                file.tensor(tensor),
                                "formats.index.duplicate",
                                tensor,
                                earlier,
                                shard),
                        warnings);
            }
        }
    }

    /// One string for each shard, however many tensors it holds.
    private String shard(String tensor, String name) {
        return shardNames.computeIfAbsent(
                name,
                unseen -> PlainFileName.of(unseen)
                        .orElseThrow(() -> new UnsafeFileException(
                                ProblemCode.UNSAFE_PATH, file.tensor(tensor), "formats.index.unsafe-path", unseen))
                        .value());
    }

    private void readMetadata(JsonToken value) throws IOException {
        if (value != JsonToken.START_OBJECT) {
            json.skip();
            return;
        }
        while (json.next() == JsonToken.PROPERTY_NAME) {
            String field = json.text();
            JsonToken token = json.next();
            if (!field.equals("total_size")) {
                json.skip();
            } else if (token == JsonToken.VALUE_STRING || token.isNumeric()) {
                readTotalSize(token, json.text());
            } else {
                json.skip();
                badTotalSize(token.name());
            }
        }
    }

    /// Some writers summed in floating point and wrote `40.0`: odd, and still the size.
    private void readTotalSize(JsonToken token, String text) {
        totalSize = token.isNumeric() ? wholeNumber(text) : OptionalLong.empty();
        if (token != JsonToken.VALUE_NUMBER_INT || totalSize.isEmpty()) {
            badTotalSize(text);
        }
    }

    private static OptionalLong wholeNumber(String text) {
        // A double bounds the exponent before BigDecimal, which would expand 1e999999999, sees it.
        double rough = Double.parseDouble(text);
        if (!(rough >= 0 && rough < 0x1p63)) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(new BigDecimal(text).longValueExact());
        } catch (ArithmeticException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    private void badTotalSize(String text) {
        warnings.report(ProblemCode.INDEX_TOTAL_SIZE, file, "formats.index.total-size-not-a-count", text);
    }
}
