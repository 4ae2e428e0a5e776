package io.github.cogvideo4j.formats.json;

import io.github.cogvideo4j.formats.internal.CodePointOrder;
import io.github.cogvideo4j.formats.internal.JsonStrings;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/// JSON text as Python's `json.dumps(value, indent=2)` lays it out, with a newline at the end.
///
/// The caller bounds the depth of a value.
final class JsonText {
    private final JsonStrings strings;
    private final boolean sorted;
    private final StringBuilder text = new StringBuilder();

    private JsonText(JsonStrings strings, boolean sorted) {
        this.strings = strings;
        this.sorted = sorted;
    }

    /// A file's whole text.
    ///
    /// @param value   the value
    /// @param strings how its strings are written
    /// @param sorted  whether the keys of each object are sorted by their code points
    static String of(JsonNode value, JsonStrings strings, boolean sorted) {
        JsonText json = new JsonText(strings, sorted);
        json.write(value, "\n");
        return json.text.append('\n').toString();
    }

    private void write(JsonNode value, String newLine) {
        if (value.isObject()) {
            block(members(value), '{', '}', newLine, member -> {
                strings.append(text, member.getKey());
                text.append(": ");
                write(member.getValue(), newLine + "  ");
            });
        } else if (value.isArray()) {
            block(List.copyOf(value.values()), '[', ']', newLine, item -> write(item, newLine + "  "));
        } else if (value.isString()) {
            strings.append(text, value.stringValue());
        } else if (value.isFloatingPointNumber() && Double.isFinite(value.doubleValue())) {
            text.append(repr(value.doubleValue()));
        } else {
            text.append(value);
        }
    }

    private Collection<Map.Entry<String, JsonNode>> members(JsonNode object) {
        if (!sorted) {
            return object.properties();
        }
        TreeMap<String, JsonNode> members = new TreeMap<>(CodePointOrder.INSTANCE);
        object.properties().forEach(member -> members.put(member.getKey(), member.getValue()));
        return members.entrySet();
    }

    private <T> void block(Collection<T> items, char open, char close, String newLine, Consumer<T> writer) {
        text.append(open);
        String separator = "";
        for (T item : items) {
            text.append(separator).append(newLine).append("  ");
            writer.accept(item);
            separator = ",";
        }
        text.append(items.isEmpty() ? "" : newLine).append(close);
    }

    /// Python's `repr` of a finite float: the shortest digits that read back as the same number, with an
    /// exponent of at least two digits below 1e-4 and from 1e16 on.
    static String repr(double number) {
        if (number == 0) {
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
