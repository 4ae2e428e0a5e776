package io.github.cogvideo4j.cluster.internal.parquet;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Records of Parquet as JSON: text, numbers, truth values, lists and structures of them. What a record takes is
/// counted while it is put together, because a few bytes can stand for a list of millions.
///
/// Source: Apache Parquet's `LogicalTypes.md`.
final class JsonRecords extends RecordMaterializer<ObjectNode> {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int VALUE = 16;

    private final int most;
    private final Structure root;
    private ObjectNode record = JsonFile.newObject();
    private int room;
    private Optional<Problem> problem = Optional.empty();

    /// @param most the most bytes of a record
    /// @throws InvalidRequestException `request` for a column of another type
    JsonRecords(MessageType schema, int most) {
        this.most = most;
        this.root = new Structure(schema, "", node -> record = (ObjectNode) node);
    }

    @Override
    public ObjectNode getCurrentRecord() {
        return record;
    }

    @Override
    public GroupConverter getRootConverter() {
        return root;
    }

    /// What is wrong with the record that was read last.
    Optional<Problem> problem() {
        return problem;
    }

    /// Says that the next record begins.
    void begin() {
        room = most;
        problem = Optional.empty();
    }

    /// Whether a value of so many bytes has room.
    private boolean takes(int bytes) {
        room -= Math.min(room, bytes);
        if (room == 0 && problem.isEmpty()) {
            problem = Optional.of(bad("cluster.row.long"));
        }
        return problem.isEmpty();
    }

    private static Problem bad(String key, Object... arguments) {
        return Problem.of(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    private Converter converter(Type type, String path, Consumer<JsonNode> sink) {
        if (type.isPrimitive()) {
            return new Value(type.asPrimitiveType(), path, sink);
        }
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        if (logical instanceof ListLogicalTypeAnnotation && type.asGroupType().getFieldCount() == 1) {
            return new Elements(type.asGroupType().getType(0), path, sink);
        }
        if (logical instanceof MapLogicalTypeAnnotation) {
            throw unread(path, type);
        }
        return new Structure(type.asGroupType(), path, sink);
    }

    private static InvalidRequestException unread(String path, Type type) {
        String name = type.getLogicalTypeAnnotation() == null
                ? type.isPrimitive()
                        ? type.asPrimitiveType().getPrimitiveTypeName().toString()
                        : "group"
                : type.getLogicalTypeAnnotation().toString();
        return new InvalidRequestException(bad("cluster.rows.column", path, name));
    }

    /// A structure, whose absent fields are left out.
    private final class Structure extends GroupConverter {
        private final List<Converter> fields;
        private final Consumer<JsonNode> sink;
        private ObjectNode node = JsonFile.newObject();

        Structure(GroupType type, String path, Consumer<JsonNode> sink) {
            this.sink = sink;
            this.fields = type.getFields().stream()
                    .map(field -> {
                        String name = field.getName();
                        Consumer<JsonNode> put = field.isRepetition(Repetition.REPEATED)
                                ? value -> node.withArrayProperty(name).add(value)
                                : value -> node.set(name, value);
                        return converter(field, path.isEmpty() ? name : path + "." + name, put);
                    })
                    .toList();
        }

        @Override
        public Converter getConverter(int field) {
            return fields.get(field);
        }

        @Override
        public void start() {
            node = JsonFile.newObject();
        }

        @Override
        public void end() {
            if (takes(VALUE)) {
                sink.accept(node);
            }
        }
    }

    /// A list: what is repeated is the element, or a structure that holds nothing else.
    private final class Elements extends GroupConverter {
        private final Converter repeated;
        private final Consumer<JsonNode> sink;
        private ArrayNode array = NODES.arrayNode();

        Elements(Type repeated, String path, Consumer<JsonNode> sink) {
            this.sink = sink;
            Consumer<JsonNode> add = value -> array.add(value);
            boolean wraps = !repeated.isPrimitive()
                    && repeated.asGroupType().getFieldCount() == 1
                    && !repeated.asGroupType().getType(0).isRepetition(Repetition.REPEATED);
            this.repeated = wraps
                    ? new Wrapper(converter(repeated.asGroupType().getType(0), path, add))
                    : converter(repeated, path, add);
        }

        @Override
        public Converter getConverter(int field) {
            return repeated;
        }

        @Override
        public void start() {
            array = NODES.arrayNode();
        }

        @Override
        public void end() {
            if (takes(VALUE)) {
                sink.accept(array);
            }
        }
    }

    private final class Wrapper extends GroupConverter {
        private final Converter element;

        Wrapper(Converter element) {
            this.element = element;
        }

        @Override
        public Converter getConverter(int field) {
            return element;
        }

        @Override
        public void start() {
            takes(1);
        }

        @Override
        public void end() {
            // An element that is absent is left out.
        }
    }

    private final class Value extends PrimitiveConverter {
        private final String path;
        private final Consumer<JsonNode> sink;
        private final boolean unsigned;

        Value(PrimitiveType type, String path, Consumer<JsonNode> sink) {
            LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
            boolean read = switch (type.getPrimitiveTypeName()) {
                case BOOLEAN, FLOAT, DOUBLE -> logical == null;
                case INT32, INT64 -> logical == null || logical instanceof IntLogicalTypeAnnotation;
                case BINARY ->
                    logical == null
                            || logical instanceof StringLogicalTypeAnnotation
                            || logical instanceof EnumLogicalTypeAnnotation
                            || logical instanceof JsonLogicalTypeAnnotation;
                case INT96, FIXED_LEN_BYTE_ARRAY -> false;
            };
            if (!read) {
                throw unread(path, type);
            }
            this.path = path;
            this.sink = sink;
            this.unsigned = logical instanceof IntLogicalTypeAnnotation number && !number.isSigned();
        }

        private void put(JsonNode value) {
            if (takes(VALUE)) {
                sink.accept(value);
            }
        }

        @Override
        public void addBoolean(boolean value) {
            put(NODES.booleanNode(value));
        }

        @Override
        public void addInt(int value) {
            put(NODES.numberNode(unsigned ? Integer.toUnsignedLong(value) : value));
        }

        @Override
        public void addLong(long value) {
            if (unsigned && value < 0) {
                problem = Optional.of(bad("inference.request.field", path));
            }
            put(NODES.numberNode(value));
        }

        @Override
        public void addFloat(float value) {
            // The number that was meant: as a double 0.1f has other digits.
            put(NODES.numberNode(Double.parseDouble(Float.toString(value))));
        }

        @Override
        public void addDouble(double value) {
            put(NODES.numberNode(value));
        }

        @Override
        public void addBinary(Binary value) {
            if (!takes(value.length())) {
                return;
            }
            try {
                put(NODES.stringNode(StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(value.getBytesUnsafe()))
                        .toString()));
            } catch (CharacterCodingException _) {
                problem = Optional.of(bad("cluster.row.text", path));
            }
        }
    }
}
