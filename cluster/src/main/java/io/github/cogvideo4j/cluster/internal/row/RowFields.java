package io.github.cogvideo4j.cluster.internal.row;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a row may say, and the names under which it is kept: those of the JSON form of a request, with shorter ones for
/// what a row has once (`prompt`, `image`, `size`). Names may be spelled with hyphens, as on the command line.
///
/// @param usual    what a line of a plain text is
/// @param prompted whether rows are generations
public record RowFields(String usual, boolean prompted) {
    /// Whose value is text even where it looks like a number.
    private static final Set<String> TEXTS = Set.of(
            "id",
            "custom_id",
            "prompt",
            "negative_prompt",
            "model",
            "transformer",
            "image",
            "video",
            "control_video",
            "input",
            "last_image",
            "mask",
            "device",
            "dtype",
            "scheduler",
            "generate_type",
            "cache",
            "size",
            "seeds",
            "timestep_spacing",
            "weights",
            "source",
            "output",
            "against",
            "base");
    private static final Map<String, String> KINDS =
            Map.of("image", "i2v", "video", "v2v", "control_video", "control", "input", "");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,5})[xX×](\\d{1,5})");
    private static final int LONGEST_ID = 512;

    /// The row that fields come to.
    ///
    /// @throws InvalidRequestException `request` when two of them say the same, or one has no form that it may have
    public BatchRow row(long line, ObjectNode given) {
        ObjectNode fields = JsonFile.newObject();
        for (String name : given.propertyNames()) {
            String plain = plain(name);
            if (fields.has(plain)) {
                throw bad("cluster.row.twice", plain);
            }
            fields.set(plain, given.get(name));
        }
        if (fields.has("id") && fields.has("custom_id")) {
            throw bad("cluster.row.twice", "id");
        }
        String id = text(fields, "custom_id").or(() -> text(fields, "id")).orElse(Long.toString(line));
        if (id.isBlank() || id.length() > LONGEST_ID) {
            throw bad("cluster.row.id", LONGEST_ID);
        }
        if (prompted) {
            request(fields);
        }
        return new BatchRow(line, id, fields);
    }

    /// The name that a field has in a request; in a row it may have hyphens.
    public static String plain(String name) {
        return name.replace('-', '_');
    }

    /// Sets a field from a text: a cell, a value of the command line.
    public void put(ObjectNode fields, String name, String text) {
        String plain = plain(name);
        if (!TEXTS.contains(plain)) {
            if (text.matches("[+-]?\\d{1,18}")) {
                fields.put(plain, Long.parseLong(text));
                return;
            }
            if (text.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")) {
                fields.put(plain, Double.parseDouble(text));
                return;
            }
            String word = text.toLowerCase(Locale.ROOT);
            if (word.equals("true") || word.equals("false")) {
                fields.put(plain, word.equals("true"));
                return;
            }
        }
        fields.put(plain, text);
    }

    private static void request(ObjectNode fields) {
        size(fields);
        if (fields.has("num_videos_per_prompt")) {
            JsonNode count = fields.remove("num_videos_per_prompt");
            fields.set("n", count);
        }
        Optional<String> prompt = text(fields, "prompt");
        List<String> inputs =
                KINDS.keySet().stream().filter(fields::has).sorted().toList();
        if (inputs.size() > 1) {
            throw bad("cluster.row.two", inputs.getFirst(), inputs.get(1));
        }
        if (fields.has("prompts")) {
            if (prompt.isPresent() || !inputs.isEmpty()) {
                throw bad("cluster.row.two", "prompts", prompt.isPresent() ? "prompt" : inputs.getFirst());
            }
            if (!fields.get("prompts").isArray() || fields.get("prompts").size() != 1) {
                throw bad("cluster.row.one-prompt");
            }
            return;
        }
        if (prompt.isEmpty()) {
            throw bad("cluster.row.no-prompt");
        }
        ObjectNode only = fields.putArray("prompts").addObject().put("text", prompt.get());
        for (String name : inputs) {
            only.put("input", text(fields, name).orElseThrow());
            String kind = KINDS.getOrDefault(name, "");
            if (!kind.isEmpty() && !fields.has("generate_type")) {
                fields.put("generate_type", kind);
            }
        }
        text(fields, "last_image").ifPresent(file -> only.put("last_image", file));
        text(fields, "mask").ifPresent(file -> only.put("mask", file));
    }

    private static void size(ObjectNode fields) {
        Optional<String> size = text(fields, "size");
        if (size.isPresent()) {
            Matcher matcher = SIZE.matcher(size.get());
            if (!matcher.matches() || fields.has("width") || fields.has("height")) {
                throw bad("cluster.row.size", size.get());
            }
            fields.put("width", Integer.parseInt(matcher.group(1)));
            fields.put("height", Integer.parseInt(matcher.group(2)));
        }
    }

    /// Takes a text out.
    private static Optional<String> text(ObjectNode fields, String name) {
        JsonNode value = fields.remove(name);
        if (value == null || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isString()) {
            throw bad("inference.request.field", name);
        }
        return Optional.of(value.stringValue());
    }

    private static InvalidRequestException bad(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }
}
