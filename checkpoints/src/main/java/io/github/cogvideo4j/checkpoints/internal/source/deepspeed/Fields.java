package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;

/// Typed access to the map that a state file holds; every error names the file and the field.
///
/// @param file the file
/// @param dict the map
/// @param path how the map is reached from the file's root, for messages
record Fields(Path file, PickleValue.Dict dict, String path) {
    static Fields root(Path file, PickleValue root) {
        return new Fields(file, root.asDict().orElseThrow(() -> wrong(file, "root", "a map", root)), "");
    }

    Optional<PickleValue> get(String field) {
        return dict.get(field).filter(value -> !(value instanceof PickleValue.None));
    }

    PickleValue require(String field) {
        return get(field)
                .orElseThrow(() -> new InvalidCheckpointException(
                        ProblemCode.NOT_A_CHECKPOINT,
                        Place.of(file),
                        "checkpoints.deepspeed.field-absent",
                        path + field));
    }

    Fields dict(String field) {
        return asFields(field, require(field));
    }

    Optional<Fields> optionalDict(String field) {
        return get(field).map(value -> asFields(field, value));
    }

    private Fields asFields(String field, PickleValue value) {
        return new Fields(file, value.asDict().orElseThrow(() -> wrong(field, "a map", value)), path + field + ".");
    }

    List<PickleValue> list(String field) {
        PickleValue value = require(field);
        return value.asElements().orElseThrow(() -> wrong(field, "a list", value));
    }

    Optional<List<PickleValue>> optionalList(String field) {
        return get(field).map(_ -> list(field));
    }

    OptionalLong integer(String field) {
        return get(field).map(PickleValue::asLong).orElse(OptionalLong.empty());
    }

    Optional<String> text(String field) {
        return get(field).flatMap(PickleValue::asText);
    }

    /// The tensors of a list, each flat.
    List<StoredTensor> flatTensors(String field) {
        List<PickleValue> values = list(field);
        return java.util.stream.IntStream.range(0, values.size())
                .mapToObj(i -> flatTensor(field + "[" + i + "]", values.get(i)))
                .toList();
    }

    private StoredTensor flatTensor(String name, PickleValue value) {
        StoredTensor tensor = tensor(name, value);
        if (tensor.shape().rank() != 1 || !(tensor.data() instanceof TensorData.Extents)) {
            throw wrong(name, "a flat tensor", value);
        }
        return tensor;
    }

    StoredTensor tensor(String name, PickleValue value) {
        if (value instanceof TensorValue tensor) {
            return tensor.stored(name);
        }
        throw wrong(name, "a tensor", value);
    }

    /// An ordered map of names to shapes: `param_shapes`, `frozen_param_shapes`.
    SequencedMap<String, Shape> shapes(String field, PickleValue value) {
        Map<String, PickleValue> named =
                value.asDict().orElseThrow(() -> wrong(field, "a map", value)).textEntries();
        SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
        named.forEach((name, shape) -> shapes.put(name, shape(field + "." + name, shape)));
        return shapes;
    }

    private Shape shape(String field, PickleValue value) {
        List<Long> sizes = value.asElements().orElseThrow(() -> wrong(field, "a shape", value)).stream()
                .map(size -> {
                    OptionalLong number = size.asLong();
                    if (number.isEmpty() || number.getAsLong() < 0) {
                        throw wrong(field, "a shape", value);
                    }
                    return number.getAsLong();
                })
                .toList();
        Shape shape = new Shape(sizes);
        if (shape.checkedNumel().isEmpty()) {
            throw wrong(field, "a shape of at most 2^63 elements", value);
        }
        return shape;
    }

    InvalidCheckpointException wrong(String field, String expected, PickleValue found) {
        return wrong(file, path + field, expected, found);
    }

    private static InvalidCheckpointException wrong(Path file, String field, String expected, PickleValue found) {
        return new InvalidCheckpointException(
                ProblemCode.NOT_A_CHECKPOINT,
                Place.of(file),
                "checkpoints.deepspeed.field-wrong",
                field,
                expected,
                found);
    }
}
