package io.github.cogvideo4j.checkpoints.internal.job;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The fields of a request's JSON object, read strictly: a field of another type, a value out of range, a missing field
/// and, at the [#end()], an unknown field are refused with `request`.
public final class RequestFields {
    private static final int LONGEST_TEXT = 4096;
    private static final int MOST_OBJECTS = 64;

    private final ObjectNode json;
    private final String prefix;
    private final Set<String> known = new HashSet<>();

    private RequestFields(ObjectNode json, String prefix) {
        this.json = json;
        this.prefix = prefix;
    }

    /// The fields of a request of one kind.
    ///
    /// @param json    the whole request
    /// @param job     the kind of job that it has to be for
    /// @param version the newest version that is understood
    public static RequestFields of(ObjectNode json, String job, int version) {
        RequestFields fields = new RequestFields(json, "");
        String found = fields.requiredText("job");
        if (!found.equals(job)) {
            throw fields.wrong("job", found);
        }
        int written = fields.whole("version", 1, Integer.MAX_VALUE).orElseThrow(() -> fields.missing("version"));
        if (written > version) {
            throw refuse("checkpoints.request.version", written, version);
        }
        return fields;
    }

    /// Whether a field is present and true.
    public boolean flag(String name) {
        JsonNode node = get(name);
        if (node != null && !node.isBoolean()) {
            throw wrong(name, node);
        }
        return node != null && node.booleanValue();
    }

    /// A text of at most 4,096 characters.
    public Optional<String> text(String name) {
        return Optional.ofNullable(get(name)).map(node -> text(name, node, LONGEST_TEXT));
    }

    private String text(String name, JsonNode node, int longest) {
        if (!node.isString() || node.stringValue().length() > longest) {
            throw wrong(name, node);
        }
        return node.stringValue();
    }

    /// Texts in a list; none when the field is absent.
    ///
    /// @param most    how many there may be
    /// @param longest how many characters each may have
    public List<String> texts(String name, int most, int longest) {
        return array(name, most).stream().map(node -> text(name, node, longest)).toList();
    }

    /// Numbers by name, in their order, `null` being read as NaN; none when the field is absent.
    ///
    /// @param most how many there may be
    public SequencedMap<String, Double> numbers(String name, int most) {
        SequencedMap<String, Double> numbers = new LinkedHashMap<>();
        JsonNode node = get(name);
        if (node != null && (!node.isObject() || node.size() > most)) {
            throw wrong(name, node);
        }
        if (node != null) {
            node.forEachEntry((key, value) -> {
                if (!value.isNull() && !value.isNumber()) {
                    throw wrong(name, value);
                }
                numbers.put(key, value.isNull() ? Double.NaN : value.doubleValue());
            });
        }
        return numbers;
    }

    /// A text of a form.
    public Optional<String> text(String name, Pattern form) {
        Optional<String> value = text(name);
        value.filter(word -> !form.matcher(word).matches()).ifPresent(word -> {
            throw wrong(name, word);
        });
        return value;
    }

    /// A component of a pipeline, by the name of its folder.
    public Optional<Component> component(String name) {
        Optional<String> value = text(name);
        value.filter(word -> !Component.isName(word)).ifPresent(word -> {
            throw wrong(name, word);
        });
        return value.map(Component::named);
    }

    /// A text that has to be there.
    public String requiredText(String name) {
        return text(name).orElseThrow(() -> missing(name));
    }

    /// A path.
    public Optional<Path> path(String name) {
        return text(name).map(value -> {
            try {
                return Path.of(value);
            } catch (InvalidPathException e) {
                throw wrong(name, value);
            }
        });
    }

    /// A path that has to be there.
    public Path requiredPath(String name) {
        return path(name).orElseThrow(() -> missing(name));
    }

    /// A whole number within bounds.
    public OptionalInt whole(String name, int least, int most) {
        OptionalLong value = large(name, least, most);
        return value.isPresent() ? OptionalInt.of(Math.toIntExact(value.getAsLong())) : OptionalInt.empty();
    }

    /// A whole number of 64 bits within bounds.
    public OptionalLong large(String name, long least, long most) {
        JsonNode node = get(name);
        if (node == null) {
            return OptionalLong.empty();
        }
        if (!node.isIntegralNumber()
                || !node.canConvertToLong()
                || node.longValue() < least
                || node.longValue() > most) {
            throw wrong(name, node);
        }
        return OptionalLong.of(node.longValue());
    }

    /// A finite number.
    public OptionalDouble number(String name) {
        JsonNode node = get(name);
        if (node == null) {
            return OptionalDouble.empty();
        }
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw wrong(name, node);
        }
        return OptionalDouble.of(node.doubleValue());
    }

    /// A finite number above zero.
    public OptionalDouble positive(String name) {
        OptionalDouble value = number(name);
        if (value.isPresent() && value.getAsDouble() <= 0) {
            throw wrong(name, value.getAsDouble());
        }
        return value;
    }

    /// One of the values of an enum, by what its `toString()` says, in any case.
    public <E extends Enum<E>> Optional<E> choice(String name, Class<E> type) {
        return text(name).map(word -> {
            E[] values = type.getEnumConstants();
            return Arrays.stream(values)
                    .filter(value -> value.toString().equalsIgnoreCase(word))
                    .findFirst()
                    .orElseThrow(() -> refuse(
                            "checkpoints.request.choice",
                            prefix + name,
                            word,
                            Arrays.stream(values).map(Object::toString).toList()));
        });
    }

    /// Objects in a list, at most 64; none when the field is absent.
    public List<RequestFields> objects(String name) {
        return objects(name, MOST_OBJECTS);
    }

    /// Objects in a list; none when the field is absent.
    ///
    /// @param most how many there may be
    public List<RequestFields> objects(String name, int most) {
        List<RequestFields> objects = new ArrayList<>();
        for (JsonNode element : array(name, most)) {
            if (!(element instanceof ObjectNode object)) {
                throw wrong(name, element);
            }
            objects.add(new RequestFields(object, prefix + name + "."));
        }
        return objects;
    }

    private List<JsonNode> array(String name, int most) {
        JsonNode node = get(name);
        if (node == null) {
            return List.of();
        }
        if (!(node instanceof ArrayNode array) || array.size() > most) {
            throw wrong(name, node);
        }
        List<JsonNode> elements = new ArrayList<>();
        array.forEach(elements::add);
        return elements;
    }

    /// An object inside this one; an empty one when the field is absent.
    public RequestFields object(String name) {
        return new RequestFields(raw(name), prefix + name + ".");
    }

    /// An object inside this one that another reads; an empty one when the field is absent.
    public ObjectNode raw(String name) {
        JsonNode node = get(name);
        if (node != null && !(node instanceof ObjectNode)) {
            throw wrong(name, node);
        }
        return node instanceof ObjectNode object ? object : json.objectNode();
    }

    /// Whether a field is there.
    public boolean has(String name) {
        return get(name) != null;
    }

    /// Refuses unknown fields.
    public void end() {
        for (String name : json.propertyNames()) {
            if (!known.contains(name)) {
                throw refuse("checkpoints.request.unknown", prefix + name);
            }
        }
    }

    private @Nullable JsonNode get(String name) {
        known.add(name);
        JsonNode node = json.get(name);
        return node == null || node.isNull() ? null : node;
    }

    /// The refusal of an object without a field.
    public InvalidRequestException missing(String name) {
        return refuse("checkpoints.request.missing", prefix + name);
    }

    /// The refusal of a field's value.
    public InvalidRequestException wrong(String name, Object value) {
        return refuse("checkpoints.request.value", prefix + name, value);
    }

    private static InvalidRequestException refuse(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }
}
