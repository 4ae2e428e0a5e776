package io.github.cogvideo4j.checkpoints.model;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// JSON text as Python's `json.dumps(value, indent=2, sort_keys=True)` forms it, which is what diffusers
/// writes.
///
/// The depth of a value is bounded by the reader that made it.
final class PythonJson {
    private PythonJson() {}

    /// A file's whole text: indented, with diffusers' newline at the end.
    static String indented(JsonNode value) {
        StringBuilder text = new StringBuilder();
        write(value, "\n", text);
        return text.append('\n').toString();
    }

    /// One line, for messages.
    static String compact(@Nullable JsonNode value) {
        return value == null ? "null" : value.toString();
    }

    private static void write(JsonNode value, String newLine, StringBuilder text) {
        if (value.isObject()) {
            TreeMap<String, JsonNode> sorted = new TreeMap<>(PythonJson::byCodePoint);
            value.properties().forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
            List<Runnable> items = new ArrayList<>();
            sorted.forEach((key, item) -> items.add(() -> {
                quote(key, text);
                text.append(": ");
                write(item, newLine + "  ", text);
            }));
            block(items, '{', '}', newLine, text);
        } else if (value.isArray()) {
            List<Runnable> items = new ArrayList<>();
            for (JsonNode item : value) {
                items.add(() -> write(item, newLine + "  ", text));
            }
            block(items, '[', ']', newLine, text);
        } else if (value.isString()) {
            quote(value.stringValue(), text);
        } else if (value.isFloatingPointNumber()) {
            text.append(repr(value.doubleValue()));
        } else {
            text.append(value);
        }
    }

    private static void block(List<Runnable> items, char open, char close, String newLine, StringBuilder text) {
        text.append(open);
        for (int i = 0; i < items.size(); i++) {
            text.append(i == 0 ? "" : ",").append(newLine).append("  ");
            items.get(i).run();
        }
        text.append(items.isEmpty() ? "" : newLine).append(close);
    }

    /// Python orders strings by code points, Java by UTF-16 units; they differ outside the basic plane.
    private static int byCodePoint(String a, String b) {
        return Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
    }

    private static void quote(String string, StringBuilder text) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\b' -> text.append("\\b");
                case '\f' -> text.append("\\f");
                default -> {
                    if (c < 0x20 || c > 0x7E) {
                        text.append("\\u%04x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }

    /// Python's `repr` of a float: the shortest digits that read back as the same number, with an exponent of
    /// at least two digits below 1e-4 and from 1e16 on.
    static String repr(double number) {
        if (number == 0 || !Double.isFinite(number)) {
            return Double.toString(number);
        }
        BigDecimal shortest = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        String digits = shortest.unscaledValue().abs().toString();
        int exponent = digits.length() - shortest.scale() - 1;
        String sign = number < 0 ? "-" : "";
        if (exponent >= -4 && exponent < 16) {
            String plain = shortest.abs().toPlainString();
            return sign + (plain.indexOf('.') < 0 ? plain + ".0" : plain);
        }
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        return "%s%s%se%s%02d"
                .formatted(sign, digits.charAt(0), fraction, exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
}
