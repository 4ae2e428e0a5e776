package io.github.cogvideo4j.checkpoints.inspect.compare;

import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.TensorPosition;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.checkpoints.internal.inspect.values.Differences;
import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.internal.placement.BaseTables;
import io.github.cogvideo4j.checkpoints.internal.placement.ComponentPlacement;
import io.github.cogvideo4j.checkpoints.internal.source.WeightSet;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.TableMatch;
import io.github.cogvideo4j.checkpoints.internal.table.TensorMatch;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// The comparison of a model with the base that it was fine-tuned from, streaming both.
public final class ModelComparer {
    /// A tensor of both sides.
    private record Pair(StoredTensor model, StoredTensor base) {}

    private final TensorMatch match;
    private final List<Pair> common;

    private ModelComparer(Checkpoint model, Checkpoint base) {
        Map<String, StoredTensor> tensors = new HashMap<>();
        base.entries().forEach(entry -> tensors.put(entry.name(), entry.tensor()));
        this.match = TensorMatch.of(model.shapes(), base.shapes());
        Set<String> names = Set.copyOf(match.common());
        this.common = model.entries().stream()
                .filter(entry -> names.contains(entry.name()))
                .map(entry -> new Pair(entry.tensor(), Objects.requireNonNull(tensors.get(entry.name()))))
                .toList();
    }

    /// Opens what a comparison takes for a model: a checkpoint, a folder of weights, a weight file, and of a
    /// pipeline its transformer, or the first component that training runs make.
    public static Checkpoint open(Path path, SourceOptions options) throws IOException {
        return Checkpoints.open(trained(path).orElse(path), options);
    }

    private static Optional<Path> trained(Path path) throws IOException {
        if (!Files.isDirectory(path) || !ModelFolder.read(path).isPipeline()) {
            return Optional.empty();
        }
        List<Path> folders = new ArrayList<>(List.of(path.resolve("transformer")));
        ModelFolder.read(path).components().forEach((name, component) -> {
            if (Families.isTrained(name)) {
                folders.add(component.folder());
            }
        });
        return folders.stream().filter(Files::isDirectory).findFirst();
    }

    /// Opens what a model is compared with: of a pipeline the component whose tensors are called and shaped as
    /// the model's, else its transformer.
    public static Checkpoint openBase(Path path, Checkpoint model) throws IOException {
        if (Files.isDirectory(path)) {
            for (ModelFolder.ListedComponent component :
                    ModelFolder.read(path).components().values()) {
                Path folder = component.folder();
                if (Files.isDirectory(folder) && !WeightSet.candidates(folder).isEmpty()) {
                    Checkpoint weights = Checkpoints.open(folder, SourceOptions.defaults());
                    if (match(model, weights).complete()) {
                        return weights;
                    }
                }
            }
        }
        return open(path, SourceOptions.defaults());
    }

    private static TableMatch match(Checkpoint model, Checkpoint base) {
        return BaseTables.table(base, base.folder(), Optional.empty()).match(model.shapes());
    }

    /// Compares.
    ///
    /// @param model    the fine-tuned weights
    /// @param base     what they started from
    /// @param threads  how many tensors at once
    /// @param control receives the number of the model's bytes that are done
    public static Comparison compare(Checkpoint model, Checkpoint base, int threads, JobControl control)
            throws IOException {
        TableMatch match = match(model, base);
        Checkpoint renamed = match.complete() ? ComponentPlacement.renamed(model, match) : model;
        return new ModelComparer(renamed, base).read(model, base, threads, control);
    }

    private Comparison read(Checkpoint model, Checkpoint from, int threads, JobControl control) throws IOException {
        control.begin(
                Phase.READING,
                common.stream().mapToLong(pair -> pair.model().byteLength()).sum());
        List<TensorChange> changes = new ArrayList<>();
        List<String> unreadable = new ArrayList<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            List<Optional<ValueChange>> found = new ArrayList<>(ParallelTensors.map(
                    common, threads, pair -> Differences.between(reader, pair.model(), pair.base(), control::advance)));
            for (Pair pair : common) {
                found.removeFirst()
                        .ifPresentOrElse(
                                change -> changes.add(change(pair, change)),
                                () -> unreadable.add(pair.model().name()));
            }
            reader.verifyChecksums();
        }
        SequencedMap<String, List<Shape>> reshaped = new LinkedHashMap<>();
        match.reshaped().forEach(tensor -> reshaped.put(tensor.name(), List.of(tensor.expected(), tensor.found())));
        return new Comparison(
                model.folder(), from.folder(), changes, match.missing(), match.extra(), reshaped, unreadable);
    }

    private static TensorChange change(Pair pair, ValueChange change) {
        return new TensorChange(
                pair.model().name(),
                TensorPosition.of(pair.model().name()),
                pair.model().shape(),
                pair.model().dtype(),
                pair.base().dtype(),
                change);
    }
}
