package io.github.cogvideo4j.checkpoints.internal.inspect;

import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A configuration out of a pickle as JSON. What JSON cannot say (infinite numbers, objects, bytes) becomes a
/// text that names it.
public final class PickleJson {
    /// A configuration of DeepSpeed has under 200 values, six levels deep at most.
    private static final int MOST_VALUES = 10_000;

    private static final int DEEPEST = 32;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private int values;

    private PickleJson() {}

    /// The map as an object; empty when it is too large to be a configuration.
    public static Optional<ObjectNode> of(PickleValue.Dict dict) {
        PickleJson json = new PickleJson();
        ObjectNode object = json.object(dict, 0);
        return json.values > MOST_VALUES ? Optional.empty() : Optional.of(object);
    }

    private ObjectNode object(PickleValue.Dict dict, int depth) {
        ObjectNode object = JsonFile.newObject();
        for (Map.Entry<String, PickleValue> entry : dict.textEntries().entrySet()) {
            if (++values > MOST_VALUES) {
                break;
            }
            object.set(entry.getKey(), node(entry.getValue(), depth + 1));
        }
        return object;
    }

    private ArrayNode array(List<PickleValue> elements, int depth) {
        ArrayNode array = NODES.arrayNode();
        for (PickleValue element : elements) {
            if (++values > MOST_VALUES) {
                break;
            }
            array.add(node(element, depth + 1));
        }
        return array;
    }

    private JsonNode node(PickleValue value, int depth) {
        if (depth > DEEPEST) {
            return NODES.stringNode("…");
        }
        return switch (value) {
            case PickleValue.None _ -> NODES.nullNode();
            case PickleValue.Bool bool -> NODES.booleanNode(bool.value());
            case PickleValue.Int number -> NODES.numberNode(number.value());
            case PickleValue.Real number ->
                Double.isFinite(number.value())
                        ? NODES.numberNode(number.value())
                        : NODES.stringNode(String.valueOf(number.value()));
            case PickleValue.Text text -> NODES.stringNode(text.value());
            case PickleValue.Dict dict -> object(dict, depth);
            case PickleValue.Sequence list -> array(list.elements(), depth);
            case PickleValue.Tuple tuple -> array(tuple.elements(), depth);
            default -> NODES.stringNode(value.toString());
        };
    }
}
