package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.formats.json.JsonFile;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What a request says, whichever way it said it: its fields as one JSON object, and its files by field.
///
/// @param fields the fields
/// @param files  the names of uploads
record RequestBody(ObjectNode fields, Map<String, String> files) {
    /// Fields whose content counts as if it stood at the top: clients put there what their types do not know.
    private static final List<String> MERGED = List.of("extra_body", "extra_json", "extra_params");

    /// Fields that a form may give as one text of JSON.
    private static final List<String> NESTED = List.of(
            "input_reference",
            "last_image",
            "mask",
            "control_video",
            "video",
            "lora",
            "extra_body",
            "extra_json",
            "extra_params");

    private static final Pattern SEGMENT = Pattern.compile("\\[([A-Za-z0-9_]{0,64})]");
    private static final Pattern NAME =
            Pattern.compile("([A-Za-z_][A-Za-z0-9_]{0,63})((?:\\[[A-Za-z0-9_]{0,64}]){0,6})");

    private static final int LONGEST_INDEX = 4;

    RequestBody {
        merge(fields);
    }

    private static void merge(ObjectNode fields) {
        for (String name : MERGED) {
            JsonNode inner = fields.get(name);
            if (inner == null || inner.isNull()) {
                fields.remove(name);
                continue;
            }
            if (!(inner instanceof ObjectNode object)) {
                throw ApiException.invalid(name, "server.request.no-object", name);
            }
            fields.remove(name);
            for (String field : object.propertyNames()) {
                if (fields.has(field) && !fields.get(field).equals(object.get(field))) {
                    throw ApiException.invalid(field, "server.request.twice", field);
                }
                if (MERGED.contains(field)) {
                    throw ApiException.unknown(name + "." + field);
                }
                fields.set(field, object.get(field));
            }
        }
    }

    /// Puts a form's text where its name says: `seed`, `input_reference[image_url]`, `lora[0][name]`, `a[]`.
    static void put(ObjectNode fields, String name, String text) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            throw ApiException.unknown(shown(name));
        }
        String first = matcher.group(1);
        List<String> path = SEGMENT.matcher(matcher.group(2))
                .results()
                .map(segment -> segment.group(1))
                .toList();
        JsonNode value = fields.stringNode(text);
        String start = text.stripLeading();
        if (path.isEmpty() && NESTED.contains(first) && (start.startsWith("{") || start.startsWith("["))) {
            value = StrictJson.read(text);
        }
        put(fields, first, path, value, name);
    }

    private static void put(ObjectNode into, String name, List<String> path, JsonNode value, String whole) {
        JsonNode there = into.get(name);
        if (path.isEmpty()) {
            if (there != null) {
                throw ApiException.invalid(shown(whole), "server.request.twice", shown(whole));
            }
            into.set(name, value);
            return;
        }
        String next = path.getFirst();
        List<String> rest = path.subList(1, path.size());
        boolean list = next.isEmpty() || next.chars().allMatch(Character::isDigit);
        if (there == null) {
            there = list ? into.arrayNode() : JsonFile.newObject();
            into.set(name, there);
        }
        switch (there) {
            case ArrayNode array
            when list -> {
                boolean opens = array.isEmpty() || (!next.isEmpty() && index(next) == array.size());
                if (rest.isEmpty()) {
                    array.add(value);
                } else if (rest.getFirst().isEmpty()) {
                    throw ApiException.unknown(shown(whole));
                } else {
                    boolean fresh = opens
                            || (next.isEmpty() && array.get(array.size() - 1).has(rest.getFirst()));
                    ObjectNode element = fresh
                            ? array.addObject()
                            : array.get(array.size() - 1) instanceof ObjectNode last ? last : array.addObject();
                    put(element, rest.getFirst(), rest.subList(1, rest.size()), value, whole);
                }
            }
            case ObjectNode object when !list -> put(object, next, rest, value, whole);
            default -> throw ApiException.invalid(shown(whole), "server.request.twice", shown(whole));
        }
    }

    /// The place in a list; nobody needs one of five digits.
    private static int index(String digits) {
        return Integer.parseInt(digits.substring(0, Math.min(LONGEST_INDEX, digits.length())));
    }

    /// A name of a client, as far as an answer repeats it.
    static String shown(String name) {
        return name.codePoints()
                .limit(64)
                .map(c -> c < 0x20 || c > 0x7E ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
