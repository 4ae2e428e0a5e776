package io.github.cogvideo4j.checkpoints.internal.table;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import tools.jackson.databind.JsonNode;

/// The families of models that are known: the rows of `families.json`, the one place that names them.
public final class Families {
    private static final String RESOURCE = "/io/github/cogvideo4j/checkpoints/families.json";
    private static final List<Family> ALL = load();

    private Families() {}

    /// All of them.
    public static List<Family> all() {
        return ALL;
    }

    /// The family of a class.
    public static Optional<Family> ofClass(String className) {
        return ALL.stream()
                .filter(family -> family.classes().contains(className))
                .findFirst();
    }

    /// The families whose names these are, under whatever wrapper. Mostly one; several when a file holds several
    /// models.
    ///
    /// @param found names and shapes as the file has them
    public static List<FamilyMatch> recognise(SequencedMap<String, Shape> found) {
        return ALL.stream().flatMap(family -> family.match(found).stream()).toList();
    }

    private static List<Family> load() {
        try (InputStream stream = Families.class.getResourceAsStream(RESOURCE)) {
            if (stream == null) {
                throw new IllegalStateException(RESOURCE + " is missing");
            }
            String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            List<Family> families = new ArrayList<>();
            for (JsonNode row : JsonFile.parseObject(text, Place.nowhere(), ProblemCode.CONFIG_INVALID)
                    .path("families")) {
                families.add(family(row));
            }
            return List.copyOf(families);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Family family(JsonNode row) {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        row.path("ranks")
                .properties()
                .forEach(rank -> ranks.put(rank.getKey(), rank.getValue().intValue()));
        Map<String, String> original = new LinkedHashMap<>();
        row.path("original")
                .properties()
                .forEach(name -> original.put(name.getKey(), name.getValue().stringValue()));
        return new Family(
                row.path("name").stringValue(),
                strings(row, "classes"),
                row.path("component").stringValue(),
                row.path("library").stringValue(),
                strings(row, "has").stream().map(NamePattern::of).toList(),
                ranks,
                strings(row, "without"),
                strings(row, "modules"),
                strings(row, "blocks"),
                strings(row, "adapters"),
                strings(row, "rules"),
                Optional.ofNullable(row.get("configuration")).map(JsonNode::stringValue),
                original);
    }

    private static List<String> strings(JsonNode row, String field) {
        List<String> strings = new ArrayList<>();
        row.path(field).forEach(value -> strings.add(value.stringValue()));
        return strings;
    }
}
