package io.github.cogvideo4j.checkpoints.internal.base;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A reader of base models, which finds out which parts of one go into the result.
public final class BaseModelReader {
    /// Files that hold weights; whatever else a component has (configurations, vocabularies) is small and
    /// copied.
    private static final Set<String> WEIGHTS =
            Set.of("safetensors", "bin", "pt", "pth", "ckpt", "h5", "msgpack", "onnx", "gguf");
    /// Documents at the top of a model's folder.
    private static final Set<String> DOCUMENTS = Set.of("json", "md", "txt", "");

    private static final String CONFIG = "config.json";

    private final ModelFolder model;
    private final List<BaseModel.BaseFile> files = new ArrayList<>();

    private BaseModelReader(ModelFolder model) {
        this.model = model;
    }

    public static BaseModel read(Path folder) throws IOException {
        return new BaseModelReader(ModelFolder.read(folder)).read();
    }

    private BaseModel read() throws IOException {
        for (Path file : regularFiles(model.path())) {
            String name = nameOf(file);
            if (!isComponent() && DOCUMENTS.contains(extension(name)) && !name.equals(Manifest.FILE_NAME)) {
                add(name, file, false);
            }
        }
        SequencedMap<Component, Path> components = model.isPipeline() ? listed() : unlisted();
        if (components.isEmpty() && !model.isPipeline()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(model.path()), "checkpoints.layout.not-a-base");
        }
        return new BaseModel(model.path(), files, model.isPipeline(), components);
    }

    private SequencedMap<Component, Path> listed() throws IOException {
        SequencedMap<Component, Path> components = new LinkedHashMap<>();
        for (Map.Entry<String, ModelFolder.ListedComponent> component :
                model.components().entrySet()) {
            Path folder = component.getValue().folder();
            for (Path file : regularFiles(folder)) {
                add(component.getKey() + "/" + nameOf(file), file, WEIGHTS.contains(extension(nameOf(file))));
            }
            if (Component.mayHaveWeights(component.getKey())) {
                components.put(
                        new Component(
                                component.getKey(),
                                component.getValue().library().equals("transformers")),
                        folder);
            }
        }
        return components;
    }

    /// Without an index: the folders that have a configuration, or the folder itself when it is a component's.
    private SequencedMap<Component, Path> unlisted() throws IOException {
        SequencedMap<Component, Path> components = new LinkedHashMap<>();
        if (isComponent()) {
            components.put(ownComponent(), model.path());
            return components;
        }
        try (DirectoryStream<Path> children =
                Files.newDirectoryStream(model.path(), child -> Files.isRegularFile(child.resolve(CONFIG)))) {
            for (Path child : children) {
                components.put(Component.named(nameOf(child)), child);
            }
        }
        Path transformer = model.transformer();
        if (Files.isDirectory(transformer)) {
            components.put(Component.TRANSFORMER, transformer);
        }
        return components;
    }

    private boolean isComponent() {
        return !model.isPipeline() && Files.isRegularFile(model.path().resolve(CONFIG));
    }

    /// A component's own folder is called as in its pipeline, or as its class's family has it.
    private Component ownComponent() throws IOException {
        Optional<Family> family = className(model.path().resolve(CONFIG)).flatMap(Families::ofClass);
        String name = nameOf(model.path().toAbsolutePath().normalize());
        return family.map(known -> name.startsWith(known.component())
                        ? new Component(name, known.library().equals("transformers"))
                        : new Component(known.component(), known.library().equals("transformers")))
                .orElseGet(() -> Component.named(name));
    }

    /// diffusers writes `_class_name`, transformers the first of `architectures`.
    public static Optional<String> className(Path config) throws IOException {
        ConfigDocument document = ConfigDocument.read(config);
        String name = document.text("_class_name", "");
        return name.isEmpty()
                ? document.strings("architectures")
                        .flatMap(names -> names.stream().findFirst())
                : Optional.of(name);
    }

    /// Whether a configuration is of transformers: diffusers writes `_class_name`, transformers `model_type` and
    /// `architectures`. Empty when it has neither.
    public static Optional<Boolean> isOfTransformers(Path config) throws IOException {
        ConfigDocument document = ConfigDocument.read(config);
        if (!document.text("_class_name", "").isEmpty()) {
            return Optional.of(false);
        }
        return document.rawValue("model_type").isPresent()
                        || document.rawValue("architectures").isPresent()
                ? Optional.of(true)
                : Optional.empty();
    }

    private void add(String path, Path file, boolean weights) throws IOException {
        files.add(new BaseModel.BaseFile(path, file, Files.size(file), weights));
    }

    /// The dtype that most tensors of a component have. Weights that cannot be read decide nothing:
    /// they are not what is being converted.
    public static Optional<DType> weightDType(Path component) throws IOException {
        if (!Files.isDirectory(component)) {
            return Optional.empty();
        }
        try {
            Checkpoint weights = Checkpoints.open(component, SourceOptions.defaults());
            return weights.entries().stream()
                    .map(entry -> entry.tensor().dtype())
                    .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()))
                    .entrySet()
                    .stream()
                    .max(Map.Entry.comparingByValue())
                    .map(Map.Entry::getKey);
        } catch (FormatException | CheckpointException unreadable) {
            return Optional.empty();
        }
    }

    /// Regular files, or links to some, in a folder, without hidden ones.
    private static List<Path> regularFiles(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return found;
        }
        try (DirectoryStream<Path> children = Files.newDirectoryStream(
                folder, file -> Files.isRegularFile(file) && !nameOf(file).startsWith("."))) {
            children.forEach(found::add);
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    private static String nameOf(Path file) {
        return String.valueOf(file.getFileName());
    }

    private static String extension(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
    }
}
