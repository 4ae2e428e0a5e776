package io.github.cogvideo4j.server.internal.request;

import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The fields of a request, whose names a refusal tells. A form has texts only, so numbers and truth values are taken
/// as texts too, everywhere alike.
final class FormFields {
    private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,18}(\\.0+)?");
    private static final Pattern NUMBER =
            Pattern.compile("[+-]?(\\d{1,18}(\\.\\d{0,18})?|\\.\\d{1,18})([eE][+-]?\\d{1,3})?");
    private static final int LONGEST_WORD = 256;

    private final ObjectNode node;
    private final String prefix;
    private final Set<String> seen = new HashSet<>();

    FormFields(ObjectNode node) {
        this(node, "");
    }

    private FormFields(ObjectNode node, String prefix) {
        this.node = node;
        this.prefix = prefix;
    }

    String nameOf(String name) {
        return prefix.isEmpty() ? name : prefix + "." + name;
    }

    Optional<JsonNode> value(String name) {
        seen.add(name);
        return Optional.ofNullable(node.get(name)).filter(value -> !value.isNull());
    }

    /// A short text.
    Optional<String> word(String name) {
        return text(name, LONGEST_WORD);
    }

    Optional<String> text(String name, int most) {
        return value(name).map(value -> {
            if (!value.isString()) {
                throw ApiException.invalid(nameOf(name), "server.request.no-text", nameOf(name));
            }
            String text = value.stringValue();
            if (text.codePointCount(0, text.length()) > most) {
                throw ApiException.invalid(nameOf(name), "server.request.long", nameOf(name), most);
            }
            return text;
        });
    }

    OptionalLong whole(String name, long least, long most) {
        Optional<String> digits = value(name).map(value -> plain(name, value)).filter(text -> !text.isEmpty());
        if (digits.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!WHOLE.matcher(digits.get()).matches()) {
            throw ApiException.invalid(nameOf(name), "server.request.no-whole", nameOf(name));
        }
        long number = Long.parseLong(digits.get().replaceFirst("\\..*", ""));
        if (number < least || number > most) {
            throw ApiException.invalid(nameOf(name), "server.request.range", nameOf(name), number, least, most);
        }
        return OptionalLong.of(number);
    }

    OptionalDouble number(String name, double least, double most) {
        Optional<String> digits = value(name).map(value -> plain(name, value)).filter(text -> !text.isEmpty());
        if (digits.isEmpty()) {
            return OptionalDouble.empty();
        }
        if (!NUMBER.matcher(digits.get()).matches()) {
            throw ApiException.invalid(nameOf(name), "server.request.no-number", nameOf(name));
        }
        double number = Double.parseDouble(digits.get());
        if (!(number >= least && number <= most)) {
            throw ApiException.invalid(nameOf(name), "server.request.range", nameOf(name), digits.get(), least, most);
        }
        return OptionalDouble.of(number);
    }

    Optional<Boolean> flag(String name) {
        return value(name).map(value -> switch (value.isBoolean() ? value.toString() : plain(name, value)) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default -> throw ApiException.invalid(nameOf(name), "server.request.no-flag", nameOf(name));
        });
    }

    private String plain(String name, JsonNode value) {
        if (value.isNumber()) {
            return value.toString();
        }
        if (value.isString() && value.stringValue().length() <= LONGEST_WORD) {
            return value.stringValue().strip();
        }
        throw ApiException.invalid(nameOf(name), "server.request.no-number", nameOf(name));
    }

    /// The fields of an object inside.
    FormFields of(String name, JsonNode value) {
        if (value instanceof ObjectNode object) {
            return new FormFields(object, nameOf(name));
        }
        throw ApiException.invalid(nameOf(name), "server.request.no-object", nameOf(name));
    }

    /// Refuses what nothing has asked for: a misspelt name would be ignored in silence.
    void requireNothingElse() {
        for (String name : node.propertyNames()) {
            if (!seen.contains(name)) {
                throw ApiException.unknown(nameOf(name));
            }
        }
    }
}
