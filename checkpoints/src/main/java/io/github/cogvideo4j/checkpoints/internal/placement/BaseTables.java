package io.github.cogvideo4j.checkpoints.internal.placement;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerStateDict;
import io.github.cogvideo4j.checkpoints.internal.table.ModelTable;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The tables of a base model's components, each read once.
public final class BaseTables {
    private final BaseModel base;
    private final Map<Component, Optional<ModelTable>> tables = new LinkedHashMap<>();

    public BaseTables(BaseModel base) {
        this.base = base;
    }

    /// The model that they are of.
    public BaseModel base() {
        return base;
    }

    /// A component's table: names and shapes from its configuration where the class is CogVideoX's transformer,
    /// whose constructor is known, else from its weights' headers; dtypes from the headers. Empty when neither
    /// tells them.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException when a configuration that is to be
    ///     used is not sound
    public Optional<ModelTable> of(Component component) throws IOException {
        Optional<ModelTable> known = tables.get(component);
        if (known == null) {
            known = read(component);
            tables.put(component, known);
        }
        return known;
    }

    private Optional<ModelTable> read(Component component) throws IOException {
        Path folder = base.folderOf(component);
        Optional<String> className = base.className(component);
        Optional<ModelTable> headers = headers(folder, className);
        Optional<Path> config = base.config(component);
        if (config.isPresent() && className.equals(Optional.of(TransformerConfig.CLASS_NAME))) {
            return Optional.of(configured(config.get(), headers));
        }
        return headers;
    }

    private static ModelTable configured(Path config, Optional<ModelTable> headers) throws IOException {
        SequencedMap<String, ModelTable.Tensor> tensors = new LinkedHashMap<>();
        Map<String, Shape> shapes =
                TransformerStateDict.of(TransformerConfig.read(config)).shapes();
        shapes.forEach((name, shape) ->
                tensors.put(name, new ModelTable.Tensor(shape, headers.flatMap(table -> table.dtype(name)))));
        return new ModelTable(new ModelTable.Configuration(config, TransformerConfig.CLASS_NAME), tensors);
    }

    /// Weights that cannot be read tell nothing: they are not what is being converted.
    private static Optional<ModelTable> headers(Path folder, Optional<String> className) throws IOException {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try {
            return Optional.of(table(Checkpoints.open(folder, SourceOptions.defaults()), folder, className));
        } catch (FormatException | CheckpointException unreadable) {
            return Optional.empty();
        }
    }

    /// The table that weights themselves are.
    public static ModelTable table(Checkpoint weights, Path folder, Optional<String> className) {
        SequencedMap<String, ModelTable.Tensor> tensors = new LinkedHashMap<>();
        weights.entries()
                .forEach(entry -> tensors.put(
                        entry.name(),
                        new ModelTable.Tensor(
                                entry.tensor().shape(),
                                Optional.of(entry.tensor().dtype()))));
        return new ModelTable(new ModelTable.Headers(folder, className), tensors);
    }
}
