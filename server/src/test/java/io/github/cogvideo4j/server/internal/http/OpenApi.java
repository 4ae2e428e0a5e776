package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.server.internal.request.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;

/// `openapi.yaml`, and whether an answer is one that it describes: paths, methods, statuses, media types, and of JSON
/// `$ref`, `allOf`, `type` (also with `null`), `required`, `properties`, `additionalProperties: false`, `items`,
/// `enum`, `minimum`, `maximum` and `pattern`.
public final class OpenApi {
    /// The file as it is served.
    public static final OpenApi SERVED = new OpenApi();

    private final Map<?, ?> root;

    private OpenApi() {
        try (InputStream in = OpenApi.class.getResourceAsStream("/io/github/cogvideo4j/server/openapi.yaml")) {
            this.root = (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromInputStream(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// All paths with their methods.
    List<String> operations() {
        List<String> all = new ArrayList<>();
        map(root, "paths")
                .forEach((path, item) -> ((Map<?, ?>) item)
                        .keySet().stream()
                                .filter(method -> !method.equals("parameters"))
                                .forEach(method -> all.add(method.toString().toUpperCase(Locale.ROOT) + " " + path)));
        return all;
    }

    /// Throws an error that says where an answer is not as it is described.
    public void check(String method, String path, int status, HttpHeaders headers, String body) {
        Optional<Map<?, ?>> item = item(path);
        if (item.isEmpty()) {
            require(
                    status == 404 || status == 401 || status == 403 || status == 405 || status == 400 || status == 414,
                    path + " is not described");
            return;
        }
        Object operation = item.get().get(method.equals("HEAD") ? "get" : method.toLowerCase(Locale.ROOT));
        if (operation == null) {
            require(
                    status == 405 || status == 404 || status == 401 || status == 403 || status == 204,
                    method + " " + path + " is not described: " + status);
            return;
        }
        Map<?, ?> responses = map((Map<?, ?>) operation, "responses");
        Object found = responses.get(Integer.toString(status));
        if (found == null && status >= 400) {
            found = responses.get("default");
        }
        require(found != null, method + " " + path + " is not described with " + status + ": " + body);
        Map<?, ?> response = resolve((Map<?, ?>) found);
        if (!(response.get("content") instanceof Map<?, ?> content)) {
            return;
        }
        String type = headers.firstValue("content-type").orElse("").split(";")[0];
        require(
                content.containsKey(type),
                method + " " + path + " is described without " + type + ": " + content.keySet());
        require(headers.firstValue("x-request-id").isPresent(), "no x-request-id");
        if (type.equals("application/json")
                && !method.equals("HEAD")
                && map(content, type).containsKey("schema")) {
            schema(map(map(content, type), "schema"), StrictJson.read(body), path);
        }
    }

    private Optional<Map<?, ?>> item(String path) {
        Map<?, ?> paths = map(root, "paths");
        if (paths.get(path) instanceof Map<?, ?> exact) {
            return Optional.of(exact);
        }
        for (Map.Entry<?, ?> entry : paths.entrySet()) {
            String pattern = Pattern.compile("\\{[a-z_]+}")
                    .matcher(entry.getKey().toString())
                    .replaceAll("[^/]+");
            if (path.matches(pattern)) {
                return Optional.of((Map<?, ?>) entry.getValue());
            }
        }
        return Optional.empty();
    }

    private Map<?, ?> resolve(Map<?, ?> node) {
        Object reference = node.get("$ref");
        if (reference == null) {
            return node;
        }
        Map<?, ?> found = root;
        for (String step : reference.toString().substring(2).split("/")) {
            found = map(found, step);
        }
        return found;
    }

    private void schema(Map<?, ?> unresolved, JsonNode value, String where) {
        Map<?, ?> schema = resolve(unresolved);
        if (schema.get("allOf") instanceof List<?> all) {
            all.forEach(one -> schema((Map<?, ?>) one, value, where));
        }
        if (schema.get("type") != null) {
            List<?> types = schema.get("type") instanceof List<?> several ? several : List.of(schema.get("type"));
            require(
                    types.stream().anyMatch(type -> is(type.toString(), value)),
                    where + " is no " + types + ": " + value);
        }
        if (value.isNull()) {
            return;
        }
        if (schema.get("enum") instanceof List<?> words) {
            require(
                    words.contains(value.isString() ? value.stringValue() : value.toString()),
                    where + " is none of " + words + ": " + value);
        }
        if (schema.get("pattern") instanceof String pattern && value.isString()) {
            require(value.stringValue().matches(pattern), where + " does not match " + pattern + ": " + value);
        }
        if (schema.get("minimum") instanceof Number least) {
            require(value.doubleValue() >= least.doubleValue(), where + " is below " + least);
        }
        if (schema.get("maximum") instanceof Number most) {
            require(value.doubleValue() <= most.doubleValue(), where + " is above " + most);
        }
        if (schema.get("required") instanceof List<?> names) {
            names.forEach(name -> require(value.has(name.toString()), where + " lacks " + name));
        }
        if (value.isObject()) {
            Map<?, ?> properties = schema.get("properties") instanceof Map<?, ?> some ? some : Map.of();
            value.propertyNames().forEach(name -> {
                if (properties.get(name) instanceof Map<?, ?> inner) {
                    schema(inner, value.get(name), where + "." + name);
                } else {
                    require(!Boolean.FALSE.equals(schema.get("additionalProperties")), where + " has " + name);
                }
            });
        }
        if (value.isArray() && schema.get("items") instanceof Map<?, ?> items) {
            value.forEach(element -> schema(items, element, where + "[]"));
        }
    }

    private static boolean is(String type, JsonNode value) {
        return switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isString();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            default -> throw new AssertionError("type " + type);
        };
    }

    private static Map<?, ?> map(Map<?, ?> node, String name) {
        if (node.get(name) instanceof Map<?, ?> found) {
            return found;
        }
        throw new AssertionError("openapi.yaml has no " + name + " in " + node.keySet());
    }

    private static void require(boolean holds, String told) {
        if (!holds) {
            throw new AssertionError("not as openapi.yaml says: " + told);
        }
    }
}
