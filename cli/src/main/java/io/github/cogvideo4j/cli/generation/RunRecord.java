package io.github.cogvideo4j.cli.generation;

import io.github.cogvideo4j.checkpoints.Version;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The JSON beside a video: everything that is needed to make it again, as options of the command line.
///
/// @param options  the options by name without dashes, each with its values
/// @param identity what the model and the input were, see [ModelIdentity]
public record RunRecord(Map<String, List<String>> options, ObjectNode identity) {
    /// What may be repeated: what shapes the pixels. Where results go, and what is overwritten, is never
    /// taken from a file.
    public static final Set<String> REPEATABLE = Set.of(
            "model",
            "transformer",
            "lora-path",
            "lora-scale",
            "dtype",
            "device",
            "vae-tiling",
            "vae-slicing",
            "prompt",
            "negative-prompt",
            "image-or-video-path",
            "generate-type",
            "scheduler",
            "timestep-spacing",
            "karras-sigmas",
            "solver-order",
            "keep-snr-shift",
            "reference-quirks",
            "use-dynamic-cfg",
            "strength",
            "guidance-scale",
            "num-inference-steps",
            "num-frames",
            "height",
            "width",
            "fps",
            "seed",
            "preset",
            "cache",
            "weights");

    private static final int FORMAT = 1;
    private static final long LARGEST = 1L << 20;
    private static final int MOST_VALUES = 64;

    /// The record's text.
    ///
    /// @param outcome what came of the run: sizes, times, memory
    public String text(ObjectNode outcome) {
        ObjectNode root = JsonFile.newObject();
        root.put("format", FORMAT);
        root.put("software", "cogvideo4j " + Version.current());
        root.put("java", Runtime.version().toString());
        ObjectNode written = root.putObject("options");
        options.forEach((name, values) -> {
            ArrayNode list = written.putArray(name);
            values.forEach(list::add);
        });
        root.set("identity", identity);
        root.set("outcome", outcome);
        return JsonFile.format(root);
    }

    /// Reads a record, which may have been written by anyone.
    ///
    /// @throws MalformedFileException `request` when it is none, or has an option that may not come from a file
    public static RunRecord read(Path file) throws IOException {
        ObjectNode root = JsonFile.readObject(file, LARGEST, ProblemCode.REQUEST);
        if (root.path("format").asInt(0) != FORMAT) {
            throw bad(file, "format");
        }
        Map<String, List<String>> options = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> option : root.path("options").properties()) {
            if (!REPEATABLE.contains(option.getKey())) {
                throw bad(file, option.getKey());
            }
            options.put(option.getKey(), values(file, option));
        }
        if (!options.containsKey("model")) {
            throw bad(file, "model");
        }
        ObjectNode identity = root.path("identity") instanceof ObjectNode object ? object : JsonFile.newObject();
        return new RunRecord(options, identity);
    }

    private static List<String> values(Path file, Map.Entry<String, JsonNode> option) {
        if (!option.getValue().isArray() || option.getValue().size() > MOST_VALUES) {
            throw bad(file, option.getKey());
        }
        List<String> values = new ArrayList<>();
        for (JsonNode value : option.getValue()) {
            if (!value.isString()) {
                throw bad(file, option.getKey());
            }
            values.add(value.stringValue());
        }
        return values;
    }

    /// The record as words of a command line. Every word holds its option's name, so that no value is taken for
    /// another option.
    ///
    /// @param given the options that are on the command line already, which win
    public List<String> words(Set<String> given) {
        List<String> words = new ArrayList<>();
        options.forEach((name, values) -> {
            if (!given.contains(name)) {
                values.forEach(value -> words.add("--" + name + "=" + value));
            }
        });
        return words;
    }

    /// What of the model or the input is no longer as it was: names of the identity's fields. They are compared
    /// as they are written: a number that was read is of another type than the one it came from.
    public List<String> differences(ObjectNode now) {
        return identity.propertyNames().stream()
                .filter(name ->
                        !identity.path(name).toString().equals(now.path(name).toString()))
                .toList();
    }

    private static MalformedFileException bad(Path file, String field) {
        return new MalformedFileException(ProblemCode.REQUEST, Place.of(file), "cli.generate.bad-record", field);
    }
}
