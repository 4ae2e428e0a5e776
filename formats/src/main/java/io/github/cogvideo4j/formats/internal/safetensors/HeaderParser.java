package io.github.cogvideo4j.formats.internal.safetensors;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.JsonPull;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsHeader.Entry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.core.JsonToken;

/// A parser of a header's JSON, token by token, so that a hostile one of 100 MB never becomes a tree in memory.
final class HeaderParser {
    private static final Pattern COUNT = Pattern.compile("0|[1-9][0-9]*");
    private static final Pattern NEGATIVE = Pattern.compile("-[1-9][0-9]*");

    private static final Set<String> FIELDS = Set.of("dtype", "shape", "data_offsets");

    /// Memory of a tensor's entry, its shape and the objects that readers make of it, roughly.
    private static final long ENTRY_COST = 512;

    private static final long SIZE_COST = 24;

    private final JsonPull json;
    private final Place file;
    private final Strictness strictness;
    private final Warnings warnings;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    HeaderParser(JsonPull json, Place file, Strictness strictness, Warnings warnings) {
        this.json = json;
        this.file = file;
        this.strictness = strictness;
        this.warnings = warnings;
    }

    SafetensorsHeader parse() throws IOException {
        if (json.next() != JsonToken.START_OBJECT) {
            throw json.fault("formats.safetensors.not-an-object");
        }
        boolean metadataSeen = false;
        while (json.next() == JsonToken.PROPERTY_NAME) {
            String name = json.text();
            if (!name.equals(SafetensorsHeader.METADATA_KEY)) {
                add(tensor(name));
                continue;
            }
            if (metadataSeen) {
                throw new MalformedFileException(ProblemCode.ST_HEADER, file, "formats.safetensors.metadata-twice");
            }
            metadataSeen = true;
            if (!entries.isEmpty()) {
                oddity(ProblemCode.ST_HEADER, file, "formats.safetensors.metadata-not-first");
            }
            readMetadata();
        }
        json.end();
        return new SafetensorsHeader(metadata, List.copyOf(entries.values()));
    }

    private void readMetadata() throws IOException {
        JsonToken token = json.next();
        if (token == JsonToken.VALUE_NULL) {
            oddity(ProblemCode.ST_HEADER, file, "formats.safetensors.metadata-null");
            return;
        }
        if (token != JsonToken.START_OBJECT) {
            throw json.fault("formats.safetensors.metadata-not-an-object");
        }
        while (json.next() == JsonToken.PROPERTY_NAME) {
            String key = json.text();
            if (json.next() != JsonToken.VALUE_STRING) {
                throw json.fault("formats.safetensors.metadata-not-a-string", key);
            }
            json.charge(ENTRY_COST);
            if (metadata.put(key, json.text()) != null) {
                oddity(ProblemCode.ST_DUPLICATE_KEY, file, "formats.safetensors.metadata-duplicate", key);
            }
        }
    }

    private void add(Entry entry) {
        json.charge(ENTRY_COST);
        Entry earlier = entries.put(entry.tensor().name(), entry);
        if (earlier == null) {
            return;
        }
        Place place = file.tensor(entry.tensor().name());
        if (!earlier.equals(entry)) {
            throw new MalformedFileException(
                    ProblemCode.ST_DUPLICATE_KEY, place, "formats.safetensors.duplicate-differs");
        }
        oddity(ProblemCode.ST_DUPLICATE_KEY, place, "formats.safetensors.duplicate");
    }

    private Entry tensor(String name) throws IOException {
        Place place = file.tensor(name);
        if (json.next() != JsonToken.START_OBJECT) {
            throw header(place, "formats.safetensors.entry-not-an-object");
        }
        Optional<DType> dtype = Optional.empty();
        Optional<Shape> shape = Optional.empty();
        List<Long> offsets = List.of();
        Set<String> seen = new HashSet<>();
        while (json.next() == JsonToken.PROPERTY_NAME) {
            String field = json.text();
            if (!seen.add(field) && FIELDS.contains(field)) {
                throw header(place, "formats.safetensors.field-twice", field);
            }
            JsonToken value = json.next();
            switch (field) {
                case "dtype" -> dtype = Optional.of(dtype(value, place));
                case "shape" -> shape = Optional.of(new Shape(counts(value, field, place)));
                case "data_offsets" -> offsets = counts(value, field, place);
                default -> {
                    oddity(ProblemCode.ST_HEADER, place, "formats.safetensors.extra-field", field);
                    json.skip();
                }
            }
        }
        if (seen.contains("data_offsets") && offsets.size() != 2) {
            throw header(place, "formats.safetensors.not-two-offsets", offsets.size());
        }
        TensorSpec spec = new TensorSpec(
                name,
                dtype.orElseThrow(() -> header(place, "formats.safetensors.field-missing", "dtype")),
                shape.orElseThrow(() -> header(place, "formats.safetensors.field-missing", "shape")));
        if (offsets.isEmpty()) {
            throw header(place, "formats.safetensors.field-missing", "data_offsets");
        }
        return new Entry(spec, offsets.getFirst(), offsets.getLast());
    }

    private DType dtype(JsonToken value, Place place) throws IOException {
        if (value != JsonToken.VALUE_STRING) {
            throw header(place, "formats.safetensors.dtype-not-a-string");
        }
        String name = json.text();
        return DType.bySafetensorsName(name)
                .orElseThrow(() ->
                        new MalformedFileException(ProblemCode.ST_DTYPE, place, "formats.safetensors.dtype", name));
    }

    private List<Long> counts(JsonToken value, String field, Place place) throws IOException {
        if (value != JsonToken.START_ARRAY) {
            throw header(place, "formats.safetensors.not-a-list", field);
        }
        List<Long> counts = new ArrayList<>();
        for (JsonToken token = json.next(); token != JsonToken.END_ARRAY; token = json.next()) {
            if (!token.isNumeric()) {
                throw header(place, "formats.safetensors.not-a-number", field);
            }
            json.charge(SIZE_COST);
            counts.add(count(json.text(), field, place));
        }
        return counts;
    }

    private static long count(String number, String field, Place place) {
        if (NEGATIVE.matcher(number).matches()) {
            throw new MalformedFileException(
                    ProblemCode.ST_OFFSETS, place, "formats.safetensors.negative", field, number);
        }
        if (!COUNT.matcher(number).matches()) {
            throw header(place, "formats.safetensors.not-a-count", field, number);
        }
        try {
            return Long.parseLong(number);
        } catch (NumberFormatException e) {
            throw new MalformedFileException(
                    ProblemCode.ST_OFFSETS, place, "formats.safetensors.too-large", field, number);
        }
    }

    private void oddity(ProblemCode code, Place place, String key, Object... arguments) {
        json.charge(ENTRY_COST);
        strictness.oddity(Problem.of(code, place, key, arguments), warnings);
    }

    private static MalformedFileException header(Place place, String key, Object... arguments) {
        return new MalformedFileException(ProblemCode.ST_HEADER, place, key, arguments);
    }
}
