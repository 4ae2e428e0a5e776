package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The fields of a JSON object that is not trusted: each has its type, or the object is refused with
/// the field's name.
final class JsonFields {
    private static final int MOST_OBJECTS = 10_000;

    private final ObjectNode node;
    private final Place place;
    private final Set<String> seen = new HashSet<>();

    JsonFields(ObjectNode node, Place place) {
        this.node = node;
        this.place = place;
    }

    Optional<String> text(String name) {
        return value(name).map(value -> {
            if (!value.isString()) {
                throw bad(name);
            }
            return value.stringValue();
        });
    }

    Optional<Path> path(String name) {
        return text(name).map(text -> {
            try {
                if (text.isBlank()) {
                    throw bad(name);
                }
                return Path.of(text);
            } catch (InvalidPathException _) {
                throw bad(name);
            }
        });
    }

    boolean flag(String name, boolean otherwise) {
        return flag(name).orElse(otherwise);
    }

    Optional<Boolean> flag(String name) {
        return value(name).map(value -> {
            if (!value.isBoolean()) {
                throw bad(name);
            }
            return value.booleanValue();
        });
    }

    OptionalInt whole(String name, int least) {
        OptionalLong value = longWhole(name);
        if (value.isPresent() && (value.getAsLong() < least || value.getAsLong() > Integer.MAX_VALUE)) {
            throw bad(name);
        }
        return value.isPresent() ? OptionalInt.of((int) value.getAsLong()) : OptionalInt.empty();
    }

    OptionalLong longWhole(String name) {
        Optional<JsonNode> value = value(name);
        if (value.isPresent() && !(value.get().isIntegralNumber() && value.get().canConvertToLong())) {
            throw bad(name);
        }
        return value.map(number -> OptionalLong.of(number.longValue())).orElse(OptionalLong.empty());
    }

    OptionalDouble number(String name) {
        Optional<JsonNode> value = value(name);
        if (value.isPresent()
                && !(value.get().isNumber() && Double.isFinite(value.get().doubleValue()))) {
            throw bad(name);
        }
        return value.map(number -> OptionalDouble.of(number.doubleValue())).orElse(OptionalDouble.empty());
    }

    <T> Optional<T> choice(String name, T[] values, Function<T, String> word) {
        return text(name)
                .map(text -> Arrays.stream(values)
                        .filter(value -> word.apply(value).equals(text))
                        .findFirst()
                        .orElseThrow(() -> bad(name)));
    }

    Optional<JsonFields> object(String name) {
        return value(name).map(value -> of(name, value));
    }

    List<JsonFields> objects(String name) {
        Optional<JsonNode> value = value(name);
        if (value.isEmpty()) {
            return List.of();
        }
        if (!value.get().isArray() || value.get().size() > MOST_OBJECTS) {
            throw bad(name);
        }
        List<JsonFields> all = new ArrayList<>();
        value.get().forEach(element -> all.add(of(name, element)));
        return all;
    }

    private JsonFields of(String name, JsonNode value) {
        if (value instanceof ObjectNode object) {
            return new JsonFields(object, place);
        }
        throw bad(name);
    }

    private Optional<JsonNode> value(String name) {
        seen.add(name);
        return Optional.ofNullable(node.get(name)).filter(value -> !value.isNull());
    }

    /// Refuses unknown fields: a misspelt name would be silently ignored.
    void requireNothingElse() {
        for (String name : node.propertyNames()) {
            if (!seen.contains(name)) {
                throw bad(name);
            }
        }
    }

    MalformedFileException bad(String field) {
        return new MalformedFileException(ProblemCode.REQUEST, place, "inference.request.field", field);
    }
}
