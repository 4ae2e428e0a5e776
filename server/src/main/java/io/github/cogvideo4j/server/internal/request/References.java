package io.github.cogvideo4j.server.internal.request;

import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Fields that stand for a file: an upload, a data URL, or an earlier video.
final class References {
    /// The fields.
    static final List<String> FIELDS = List.of("input_reference", "video", "control_video", "last_image", "mask");

    /// The most bytes of a data URL: what an image may have.
    static final long LARGEST_DATA = 20L << 20;

    private static final String URL = "_url";
    private static final List<String> URLS = List.of("image_url", "video_url");

    private References() {}

    /// The field that a part with a file belongs to; other spellings of a name with brackets are not for files.
    static String field(String name) {
        if (FIELDS.contains(name)) {
            return name;
        }
        throw ApiException.unknown(RequestBody.shown(name));
    }

    /// Whether a form's part may be long: a data URL.
    static boolean isUrl(String name) {
        return FIELDS.stream().anyMatch(field -> name.startsWith(field + "[") && name.endsWith(URL + "]"));
    }

    /// Stores the data URLs among the fields, and takes them away from these.
    static void storeAll(RequestBody body, Uploads uploads) throws IOException {
        for (String field : FIELDS) {
            JsonNode value = body.fields().get(field);
            Optional<String> url = value == null ? Optional.empty() : url(value, field);
            if (url.isPresent()) {
                String name = uploads.store(new StringReader(url.get()), field, LARGEST_DATA);
                body.fields().remove(field);
                if (body.files().putIfAbsent(field, name) != null) {
                    throw ApiException.invalid(field, "server.request.twice", field);
                }
            }
        }
    }

    private static Optional<String> url(JsonNode value, String field) {
        if (value.isString()) {
            return Optional.of(value.stringValue()).filter(text -> !text.isEmpty());
        }
        if (!(value instanceof ObjectNode object)) {
            return Optional.empty();
        }
        Optional<String> found = Optional.empty();
        for (String name : URLS) {
            JsonNode url = object.get(name);
            if (url == null || url.isNull()) {
                continue;
            }
            if (!url.isString() || found.isPresent() || others(object, name)) {
                throw ApiException.invalid(field, "server.request.reference", field);
            }
            found = Optional.of(url.stringValue());
        }
        return found;
    }

    /// Whether an object says more than one thing. Clients that write every field of a type write `null` for the rest.
    private static boolean others(ObjectNode object, String name) {
        return object.propertyNames().stream()
                .anyMatch(other -> !other.equals(name) && !object.get(other).isNull());
    }

    /// The earlier video that a field names.
    static Optional<String> video(FormFields fields, String name, Map<String, String> files) {
        Optional<JsonNode> value = fields.value(name);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        if (files.containsKey(name)) {
            throw ApiException.invalid(name, "server.request.twice", name);
        }
        FormFields inner = fields.of(name, value.get());
        if (inner.value("file_id").isPresent()) {
            throw ApiException.invalid(name, "server.request.file-id", name);
        }
        Optional<String> id = inner.word("id");
        inner.requireNothingElse();
        if (id.isEmpty()) {
            throw ApiException.invalid(name, "server.request.reference", name);
        }
        return id;
    }
}
