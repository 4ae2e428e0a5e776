package io.github.cogvideo4j.formats.internal.pickle;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The two spellings of strings in protocol 0.
final class TextEscapes {
    private TextEscapes() {}

    /// A Python 2 `repr`: quotes around, escapes inside. Empty when it is not one.
    static Optional<PickleValue> quoted(String line) {
        String text = line.strip();
        if (text.length() < 2
                || !"'\"".contains(text.substring(0, 1))
                || text.charAt(0) != text.charAt(text.length() - 1)) {
            return Optional.empty();
        }
        StringBuilder result = new StringBuilder(text.length());
        int end = text.length() - 1;
        for (int i = 1; i < end; i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                result.append(c);
                continue;
            }
            if (++i >= end) {
                return Optional.empty();
            }
            switch (text.charAt(i)) {
                case '\\', '\'', '"' -> result.append(text.charAt(i));
                case 'n' -> result.append('\n');
                case 'r' -> result.append('\r');
                case 't' -> result.append('\t');
                case 'x' -> {
                    Optional<Integer> code = hex(text, i + 1, 2);
                    if (code.isEmpty() || i + 2 >= end) {
                        return Optional.empty();
                    }
                    result.append((char) code.get().intValue());
                    i += 2;
                }
                default -> {
                    return Optional.empty();
                }
            }
        }
        String decoded = result.toString();
        return Optional.of(
                decoded.chars().allMatch(c -> c < 0x80)
                        ? new PickleValue.Text(decoded)
                        : new PickleValue.Bytes(ByteBuffer.wrap(decoded.getBytes(StandardCharsets.ISO_8859_1))));
    }

    /// Python's `raw-unicode-escape`: only `\\uXXXX` and `\\UXXXXXXXX` mean something. Empty when one is
    /// incomplete.
    static Optional<String> rawUnicode(String line) {
        StringBuilder result = new StringBuilder(line.length());
        for (int i = 0; i < line.length(); i++) {
            char kind = line.charAt(i) == '\\' && i + 1 < line.length() ? line.charAt(i + 1) : ' ';
            if (kind != 'u' && kind != 'U') {
                result.append(line.charAt(i));
                continue;
            }
            int digits = kind == 'u' ? 4 : 8;
            Optional<Integer> code = hex(line, i + 2, digits).filter(Character::isValidCodePoint);
            if (code.isEmpty()) {
                return Optional.empty();
            }
            result.appendCodePoint(code.get());
            i += digits + 1;
        }
        return Optional.of(result.toString());
    }

    private static Optional<Integer> hex(String text, int start, int digits) {
        if (start > text.length() - digits) {
            return Optional.empty();
        }
        int value = 0;
        for (int i = start; i < start + digits; i++) {
            int digit = Character.digit(text.charAt(i), 16);
            if (digit < 0) {
                return Optional.empty();
            }
            value = value << 4 | digit;
        }
        return Optional.of(value);
    }
}
