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
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The families of models that are known: the rows of `families.json`, the one place that names them.
public final class Families {
    private static final String RESOURCE = "/io/github/cogvideo4j/checkpoints/families.json";
    private static final ObjectNode ROWS = load();
    private static final List<Family> ALL = read(ROWS);
    private static final Map<String, List<String>> LAYERS = lists(ROWS.path("layers"));
    private static final Set<String> TRAINED = Set.copyOf(strings(ROWS, "trained"));

    private Families() {}

    /// All of them.
    public static List<Family> all() {
        return ALL;
    }

    /// Whether a family has blocks in a list of this name.
    public static boolean isBlockList(String list) {
        return ALL.stream().anyMatch(family -> family.blocks().contains(list));
    }

    /// What modules of a kind of layer are called.
    ///
    /// @param kind `to_q`, `ff_in`, `embedding`, ...
    public static List<String> modulesOf(String kind) {
        return LAYERS.getOrDefault(kind, List.of());
    }

    /// Whether training runs make the component with this folder, with or without a number (`transformer_2`).
    public static boolean isTrained(String folder) {
        return TRAINED.contains(folder.replaceFirst("_[0-9]+$", ""));
    }

    /// Whether pipelines have a component with this folder, with or without a number.
    public static boolean isComponent(String folder) {
        String name = folder.replaceFirst("_[0-9]+$", "");
        return TRAINED.contains(name)
                || ALL.stream().anyMatch(family -> family.component().equals(name));
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

    private static ObjectNode load() {
        try (InputStream stream = Families.class.getResourceAsStream(RESOURCE)) {
            if (stream == null) {
                throw new IllegalStateException(RESOURCE + " is missing");
            }
            String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            return JsonFile.parseObject(text, Place.nowhere(), ProblemCode.CONFIG_INVALID);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The families of a document like `families.json`.
    static List<Family> read(ObjectNode document) {
        List<Family> families = new ArrayList<>();
        document.path("families").forEach(row -> families.add(family(row)));
        return List.copyOf(families);
    }

    private static Family family(JsonNode row) {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        row.path("ranks")
                .properties()
                .forEach(rank -> ranks.put(rank.getKey(), rank.getValue().intValue()));
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
                strings(row, "model_types"),
                texts(row, "optional"),
                Optional.ofNullable(row.get("configuration")).map(JsonNode::stringValue),
                texts(row, "original"),
                lists(row.path("facts")),
                Optional.ofNullable(row.get("kinds")).map(Families::kinds));
    }

    private static ModelKinds kinds(JsonNode row) {
        List<ModelKinds.Kind> kinds = new ArrayList<>();
        for (JsonNode kind : row.path("of")) {
            kinds.add(new ModelKinds.Kind(
                    kind.path("yes").stringValue(),
                    kind.path("no").stringValue(),
                    Pattern.compile(kind.path("says_yes").stringValue()),
                    Optional.ofNullable(kind.get("says_no")).map(pattern -> Pattern.compile(pattern.stringValue())),
                    kind.has("rank") ? OptionalInt.of(kind.get("rank").intValue()) : OptionalInt.empty(),
                    kind.has("ratio") ? OptionalDouble.of(kind.get("ratio").doubleValue()) : OptionalDouble.empty()));
        }
        return new ModelKinds(
                Pattern.compile(row.path("named").stringValue()),
                row.path("patches").asString(""),
                row.path("output").asString(""),
                kinds);
    }

    private static Map<String, String> texts(JsonNode row, String field) {
        Map<String, String> texts = new LinkedHashMap<>();
        row.path(field)
                .properties()
                .forEach(text -> texts.put(text.getKey(), text.getValue().stringValue()));
        return texts;
    }

    private static Map<String, List<String>> lists(JsonNode row) {
        Map<String, List<String>> lists = new LinkedHashMap<>();
        row.propertyNames().forEach(name -> lists.put(name, strings(row, name)));
        return lists;
    }

    private static List<String> strings(JsonNode row, String field) {
        List<String> strings = new ArrayList<>();
        row.path(field).forEach(value -> strings.add(value.stringValue()));
        return strings;
    }
}
