package io.github.cogvideo4j.checkpoints.layout;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A model's folder: a whole pipeline (`model_index.json` and a folder for each component), or just one with a
/// `transformer/`.
///
/// @param path          the folder
/// @param pipelineClass the pipeline's class, when there is a `model_index.json` that names it
/// @param components    the components that it lists, in its order
public record ModelFolder(Path path, Optional<String> pipelineClass, SequencedMap<String, ListedComponent> components) {
    /// The file that makes a folder a pipeline.
    public static final String INDEX = "model_index.json";

    private static final long LONGEST_INDEX = 1 << 20;

    /// A component as `model_index.json` lists it.
    ///
    /// @param folder    its folder
    /// @param library   the library its class is from: `diffusers`, `transformers`
    /// @param className its class
    public record ListedComponent(Path folder, String library, String className) {}

    /// Copies the map.
    public ModelFolder {
        components = Collections.unmodifiableSequencedMap(new java.util.LinkedHashMap<>(components));
    }

    /// The folder that a model argument means: a path, or an `ORG/NAME` in the local cache of the hub.
    ///
    /// @throws InvalidCheckpointException `not-a-checkpoint` when it is neither
    public static Path locate(String argument, Map<String, String> environment) throws IOException {
        Path path = Path.of(argument);
        if (Files.isDirectory(path)) {
            return path;
        }
        if (Files.isRegularFile(path)) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(path), "checkpoints.layout.file", argument);
        }
        HubCache cache = HubCache.of(environment);
        List<String> cached = HubCache.isIdentifier(argument) ? cache.models() : List.of();
        return cache.snapshot(argument)
                .orElseThrow(() -> HubCache.isIdentifier(argument)
                        ? new InvalidCheckpointException(
                                ProblemCode.NOT_A_CHECKPOINT,
                                Place.of(path),
                                cached.isEmpty()
                                        ? "checkpoints.layout.not-in-cache"
                                        : "checkpoints.layout.not-among-cached",
                                argument,
                                cache.root(),
                                cached)
                        : new InvalidCheckpointException(
                                ProblemCode.NOT_A_CHECKPOINT,
                                Place.of(path),
                                "checkpoints.layout.no-folder",
                                argument));
    }

    /// Reads the folder's index, when it has one.
    ///
    /// @throws UnsafeFileException `unsafe-path` when a component's name would leave the folder
    public static ModelFolder read(Path folder) throws IOException {
        Path index = folder.resolve(INDEX);
        SequencedMap<String, ListedComponent> components = new java.util.LinkedHashMap<>();
        if (!Files.isRegularFile(index)) {
            return new ModelFolder(folder, Optional.empty(), components);
        }
        ObjectNode json = JsonFile.readObject(index, LONGEST_INDEX, ProblemCode.CONFIG_INVALID);
        for (Map.Entry<String, JsonNode> field : json.properties()) {
            List<String> names = strings(field.getValue());
            if (!field.getKey().startsWith("_") && names.size() == 2) {
                Path component = PlainFileName.of(field.getKey())
                        .map(name -> name.in(folder))
                        .orElseThrow(() -> new UnsafeFileException(
                                ProblemCode.UNSAFE_PATH,
                                Place.of(index),
                                "checkpoints.layout.unsafe-component",
                                field.getKey()));
                components.put(field.getKey(), new ListedComponent(component, names.getFirst(), names.getLast()));
            }
        }
        JsonNode name = json.path("_class_name");
        return new ModelFolder(
                folder, name.isString() ? Optional.of(name.stringValue()) : Optional.empty(), components);
    }

    /// Whether it is a whole pipeline.
    public boolean isPipeline() {
        return Files.isRegularFile(path.resolve(INDEX));
    }

    /// The transformer's folder, also where no index lists it.
    public Path transformer() {
        return path.resolve("transformer");
    }

    /// The strings of an array of strings; empty for anything else, such as the `[null, null]` of a component
    /// left out.
    private static List<String> strings(JsonNode value) {
        List<String> strings = new ArrayList<>();
        for (JsonNode element : value) {
            if (!element.isString()) {
                return List.of();
            }
            strings.add(element.stringValue());
        }
        return strings;
    }
}
