package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// The fields of a message in a protocol buffer, one after another. Each ends where it says and within the
/// message; what does not is `config-invalid`, at its offset in the file.
///
/// Source: the wire format of Protocol Buffers, without the groups of its first version.
final class ProtocolFields {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;
    private static final int VARINT_BITS = 63;
    private static final long LARGEST_NUMBER = (1 << 29) - 1;

    private final Path file;
    private final ByteBuffer content;
    private ByteBuffer value;
    private int start;
    private int type;
    private int number;
    private long varint;

    /// The fields of a whole file.
    ///
    /// @param content from the file's first byte to its last
    ProtocolFields(Path file, ByteBuffer content) {
        this.file = file;
        this.content = content;
        this.value = content;
    }

    /// Goes to the next field, and says whether there is one.
    boolean next() {
        if (!content.hasRemaining()) {
            return false;
        }
        start = content.position();
        long tag = readVarint();
        if (tag >>> 3 == 0 || tag >>> 3 > LARGEST_NUMBER) {
            throw invalid();
        }
        number = (int) (tag >>> 3);
        type = (int) tag & 7;
        varint = type == VARINT ? readVarint() : 0;
        long length = switch (type) {
            case VARINT -> 0;
            case FIXED64 -> Long.BYTES;
            case FIXED32 -> Integer.BYTES;
            case BYTES -> readVarint();
            default -> -1;
        };
        if (length < 0 || length > content.remaining()) {
            throw invalid();
        }
        int end = content.position() + (int) length;
        value = content.duplicate().order(ByteOrder.LITTLE_ENDIAN).limit(end);
        content.position(end);
        return true;
    }

    /// The field's number in its message.
    int number() {
        return number;
    }

    /// The field as a whole number.
    long integer() {
        require(VARINT);
        return varint;
    }

    /// The field as an fp32 number.
    float fp32() {
        require(FIXED32);
        return value.getFloat(value.position());
    }

    /// The field as text, which has to be UTF-8.
    String text() {
        require(BYTES);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(value.duplicate()).toString();
        } catch (CharacterCodingException e) {
            throw invalid();
        }
    }

    /// The field as a message of its own.
    ProtocolFields message() {
        require(BYTES);
        return new ProtocolFields(file, value.duplicate());
    }

    /// The error that says that the field is none of this kind of file.
    InvalidModelException invalid() {
        return new InvalidModelException(
                ProblemCode.CONFIG_INVALID, Place.at(file, start), "inference.text.not-pieces", file.getFileName());
    }

    private void require(int expected) {
        if (type != expected) {
            throw invalid();
        }
    }

    private long readVarint() {
        long result = 0;
        for (int shift = 0; shift <= VARINT_BITS; shift += 7) {
            if (!content.hasRemaining()) {
                break;
            }
            byte next = content.get();
            result |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return result;
            }
        }
        throw invalid();
    }
}
