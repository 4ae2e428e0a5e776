package io.github.cogvideo4j.checkpoints.internal.watch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// A message in Protocol Buffers' wire format without its schema: fields by number, each a number of up to 64 bits or
/// bytes. Groups, which nobody writes any more, are refused.
final class ProtobufMessage {
    private static final int VARINT = 0;
    private static final int FIXED_64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED_32 = 5;
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final List<Field> fields = new ArrayList<>();

    /// One field: a number, or bytes.
    private record Field(long name, long number, ByteBuffer bytes, boolean isNumber) {}

    /// What is no such message.
    static final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /// Reads a message.
    ///
    /// @throws Malformed for anything else
    ProtobufMessage(ByteBuffer message) {
        ByteBuffer from = message.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        while (from.hasRemaining()) {
            long key = varint(from);
            long name = key >>> 3;
            switch ((int) (key & 7)) {
                case VARINT -> fields.add(number(name, varint(from)));
                case FIXED_64 ->
                    fields.add(number(name, require(from, Long.BYTES).getLong()));
                case FIXED_32 ->
                    fields.add(number(name, require(from, Integer.BYTES).getInt()));
                case BYTES -> {
                    int length = length(from);
                    fields.add(new Field(name, 0, from.slice(from.position(), length), false));
                    from.position(from.position() + length);
                }
                default -> throw new Malformed();
            }
        }
    }

    private static Field number(long name, long value) {
        return new Field(name, value, EMPTY, true);
    }

    private static long varint(ByteBuffer from) {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte next = require(from, 1).get();
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new Malformed();
    }

    private static int length(ByteBuffer from) {
        long length = varint(from);
        if (length < 0 || length > from.remaining()) {
            throw new Malformed();
        }
        return (int) length;
    }

    private static ByteBuffer require(ByteBuffer from, int bytes) {
        if (from.remaining() < bytes) {
            throw new Malformed();
        }
        return from;
    }

    /// The last number with a field's name: of a fixed width its bits, without a sign.
    OptionalLong number(int name) {
        return fields.stream()
                .filter(field -> field.isNumber() && field.name() == name)
                .mapToLong(Field::number)
                .reduce((_, last) -> last);
    }

    /// All bytes with a field's name.
    List<ByteBuffer> parts(int name) {
        return fields.stream()
                .filter(field -> !field.isNumber() && field.name() == name)
                .map(Field::bytes)
                .toList();
    }
}
