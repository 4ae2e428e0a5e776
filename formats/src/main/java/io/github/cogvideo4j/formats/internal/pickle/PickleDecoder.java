package io.github.cogvideo4j.formats.internal.pickle;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A decoder that splits a pickle into instructions, one after another: an opcode with its argument or its index in
/// the memo. No declared size is believed before it is compared with the bytes that remain.
final class PickleDecoder {
    /// A character takes two bytes as soon as one of the text needs them.
    private static final long TEXT_BYTES = 2;

    private static final char REPLACEMENT = '\ufffd';

    private final PickleSource source;
    private final PickleLimits limits;
    private final ByteBuffer bytes;
    private int opcodePosition;
    // Null for an index, because a pickle has tens of thousands of them that are never needed as values.
    private @Nullable PickleValue argument;
    private long index;
    private int executed;
    private long memory;

    PickleDecoder(PickleSource source, PickleLimits limits) {
        this.source = source;
        this.limits = limits;
        this.bytes = source.bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Where the next instruction starts.
    int position() {
        return bytes.position();
    }

    boolean atEnd() {
        return !bytes.hasRemaining();
    }

    /// Goes on to the next instruction.
    Opcode next() {
        opcodePosition = bytes.position();
        if (!bytes.hasRemaining()) {
            throw syntax("formats.pickle.no-stop");
        }
        if (++executed > limits.opcodes()) {
            throw limit("formats.pickle.too-many-opcodes", limits.opcodes());
        }
        int code = Byte.toUnsignedInt(bytes.get());
        Optional<Opcode> opcode = Opcode.of(code);
        if (opcode.isEmpty()) {
            throw syntax("formats.pickle.unknown-opcode", String.format(Locale.ROOT, "0x%02x", code));
        }
        argument = argument(opcode.get());
        return opcode.get();
    }

    /// Where the instruction starts in the pickle.
    int opcodePosition() {
        return opcodePosition;
    }

    /// Its argument, [PickleValue.None] when it has none.
    PickleValue argument() {
        return argument == null ? PickleValue.Int.of(index) : argument;
    }

    /// The argument of an instruction that takes a place in the memo; those beyond 64 bits are all the largest.
    long index() {
        return index;
    }

    private @Nullable PickleValue argument(Opcode opcode) {
        return switch (opcode.argument()) {
            case NONE -> PickleValue.None.INSTANCE;
            case UINT1 -> PickleValue.Int.of(unsigned(1));
            case UINT2 -> PickleValue.Int.of(unsigned(2));
            case UINT8 -> PickleValue.Int.of(length(8));
            case INT4 -> PickleValue.Int.of(signed4());
            case FLOAT8 -> new PickleValue.Real(Double.longBitsToDouble(Long.reverseBytes(unsigned(8))));
            case LONG1 -> integer(take(length(1)));
            case LONG4 -> integer(take(signedLength()));
            case STRING1 -> textOrBytes(take(length(1)));
            case STRING4 -> textOrBytes(take(signedLength()));
            case UNICODE1 -> text(take(length(1)));
            case UNICODE4 -> text(take(length(4)));
            case UNICODE8 -> text(take(length(8)));
            case BYTES1 -> new PickleValue.Bytes(take(length(1)));
            case BYTES4 -> new PickleValue.Bytes(take(length(4)));
            case BYTES8 -> new PickleValue.Bytes(take(length(8)));
            case LINE -> text(line());
            case DECIMAL_INT -> decimalInt(number());
            case DECIMAL_LONG -> decimal(number().replaceFirst("L$", ""));
            case DECIMAL_FLOAT -> real(number());
            case INDEX1 -> indexed(unsigned(1));
            case INDEX4 -> indexed(unsigned(4));
            case DECIMAL_INDEX -> {
                PickleValue number = decimal(number());
                index = number.asLong().orElse(Long.MAX_VALUE);
                yield number;
            }
            case QUOTED -> TextEscapes.quoted(latin1(line())).orElseThrow(() -> invalid("string"));
            case ESCAPED ->
                TextEscapes.rawUnicode(latin1(line()))
                        .<PickleValue>map(PickleValue.Text::new)
                        .orElseThrow(() -> invalid("string"));
            case GLOBAL -> new PickleValue.Global(utf8(line()), utf8(line()));
        };
    }

    private @Nullable PickleValue indexed(long position) {
        index = position;
        return null;
    }

    private long unsigned(int size) {
        if (size > bytes.remaining()) {
            throw truncated(Integer.toString(size));
        }
        return switch (size) {
            case 1 -> Byte.toUnsignedLong(bytes.get());
            case 2 -> Short.toUnsignedLong(bytes.getShort());
            case 4 -> Integer.toUnsignedLong(bytes.getInt());
            default -> bytes.getLong();
        };
    }

    private int signed4() {
        return (int) unsigned(4);
    }

    /// An unsigned length field of the given size; the length must not exceed what remains.
    private long length(int size) {
        long length = unsigned(size);
        if (length < 0 || length > bytes.remaining()) {
            throw truncated(Long.toUnsignedString(length));
        }
        return length;
    }

    private long signedLength() {
        int length = signed4();
        if (length < 0) {
            throw syntax("formats.pickle.negative-length", length);
        }
        if (length > bytes.remaining()) {
            throw truncated(Integer.toString(length));
        }
        return length;
    }

    private ByteBuffer take(long length) {
        if (length > bytes.remaining()) {
            throw truncated(Long.toString(length));
        }
        ByteBuffer part = bytes.slice(bytes.position(), (int) length);
        bytes.position(bytes.position() + (int) length);
        return part;
    }

    private ByteBuffer line() {
        int end = bytes.position();
        while (end < bytes.limit() && bytes.get(end) != '\n') {
            end++;
        }
        if (end == bytes.limit()) {
            throw truncated("1");
        }
        ByteBuffer line = take(end - bytes.position());
        bytes.get();
        return line;
    }

    /// A number in digits, which is measured before it is decoded.
    private String number() {
        ByteBuffer line = line();
        checkedIntegerSize(line.remaining());
        return latin1(line);
    }

    private PickleValue integer(ByteBuffer littleEndian) {
        byte[] raw = new byte[checkedIntegerSize(littleEndian.remaining())];
        for (int i = raw.length - 1; i >= 0; i--) {
            raw[i] = littleEndian.get();
        }
        return raw.length == 0 ? PickleValue.Int.of(0) : new PickleValue.Int(new BigInteger(raw));
    }

    private PickleValue decimalInt(String text) {
        // Protocols 0 and 1 write booleans as these two spellings of an integer.
        return switch (text) {
            case "00" -> new PickleValue.Bool(false);
            case "01" -> new PickleValue.Bool(true);
            default -> decimal(text);
        };
    }

    private PickleValue decimal(String text) {
        if (!text.matches("[+-]?[0-9]+")) {
            throw invalid("integer");
        }
        return new PickleValue.Int(new BigInteger(text));
    }

    private int checkedIntegerSize(int size) {
        if (size > limits.integerBytes()) {
            throw limit("formats.pickle.integer-too-long", size, limits.integerBytes());
        }
        return size;
    }

    private PickleValue real(String text) {
        return switch (text) {
            case "nan", "-nan" -> new PickleValue.Real(Double.NaN);
            case "inf" -> new PickleValue.Real(Double.POSITIVE_INFINITY);
            case "-inf" -> new PickleValue.Real(Double.NEGATIVE_INFINITY);
            default -> {
                if (!text.matches("[+-]?[0-9]*\\.?[0-9]*([eE][+-]?[0-9]+)?")) {
                    throw invalid("float");
                }
                try {
                    yield new PickleValue.Real(Double.parseDouble(text));
                } catch (NumberFormatException e) {
                    throw invalid("float");
                }
            }
        };
    }

    private PickleValue text(ByteBuffer raw) {
        return new PickleValue.Text(utf8(raw));
    }

    private String utf8(ByteBuffer raw) {
        chargeText(raw);
        return decoded(raw).orElseThrow(() -> invalid("string"));
    }

    /// A Python 2 `str`, which is text in most files and bytes in some.
    private PickleValue textOrBytes(ByteBuffer raw) {
        chargeText(raw);
        return decoded(raw).<PickleValue>map(PickleValue.Text::new).orElseGet(() -> new PickleValue.Bytes(raw));
    }

    /// The text of UTF-8, empty when it is none. A string's own constructor is several times as fast as a
    /// decoder, but replaces what is wrong; only then, or where the text has that character, a decoder tells.
    private static Optional<String> decoded(ByteBuffer raw) {
        byte[] encoded = new byte[raw.remaining()];
        raw.get(raw.position(), encoded);
        String text = new String(encoded, StandardCharsets.UTF_8);
        if (text.indexOf(REPLACEMENT) < 0) {
            return Optional.of(text);
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(raw.duplicate());
            return Optional.of(text);
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private String latin1(ByteBuffer raw) {
        chargeText(raw);
        return StandardCharsets.ISO_8859_1.decode(raw).toString();
    }

    private void chargeText(ByteBuffer raw) {
        charge(TEXT_BYTES * raw.remaining());
    }

    /// Counts memory that values take, before they take it.
    void charge(long bytes) {
        memory += bytes;
        if (memory > limits.memory()) {
            throw limit("formats.pickle.too-large", limits.memory() >> 20);
        }
    }

    private MalformedFileException invalid(String what) {
        return syntax("formats.pickle.invalid-" + what);
    }

    private MalformedFileException truncated(String wanted) {
        return new MalformedFileException(
                ProblemCode.TRUNCATED,
                source.placeOf(opcodePosition),
                "formats.pickle.truncated",
                wanted,
                bytes.remaining());
    }

    MalformedFileException syntax(String key, Object... arguments) {
        return new MalformedFileException(ProblemCode.PICKLE_SYNTAX, source.placeOf(opcodePosition), key, arguments);
    }

    UnsafeFileException limit(String key, Object... arguments) {
        return new UnsafeFileException(ProblemCode.PICKLE_LIMIT, source.placeOf(opcodePosition), key, arguments);
    }
}
