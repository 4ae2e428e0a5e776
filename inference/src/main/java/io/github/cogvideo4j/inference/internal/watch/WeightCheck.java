package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.inspect.compare.ModelComparer;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.checkpoints.inspect.values.Statistics;
import io.github.cogvideo4j.checkpoints.inspect.values.Statistics.TensorStatistics;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.CheckpointWeights;
import io.github.cogvideo4j.checkpoints.internal.watch.WeightDigest;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Block;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Names;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.Set;

/// The weights of a checkpoint, read and compared: how far they moved, and what is suspicious in them. An adapter's
/// are those of the base with the adapter added.
final class WeightCheck {
    private static final MathContext DIGITS = new MathContext(5);

    private final Path model;
    private final int threads;

    /// @param model   the base model's folder
    /// @param threads how many tensors at once
    WeightCheck(Path model, int threads) {
        this.model = model;
        this.threads = threads;
    }

    /// The weights of a checkpoint as a whole.
    Checkpoint whole(CheckpointWeights weights) throws IOException {
        return switch (weights) {
            case CheckpointWeights.Whole whole -> whole.checkpoint();
            case CheckpointWeights.Adapter adapter ->
                LoraFusion.fuse(
                        ModelComparer.open(model, SourceOptions.defaults()),
                        List.of(new AppliedAdapter(adapter.adapter(), 1, OptionalDouble.empty())),
                        true);
        };
    }

    /// The comparison with the base model.
    Comparison withBase(Checkpoint checkpoint, JobControl control) throws IOException {
        return ModelComparer.compare(checkpoint, ModelComparer.openBase(model, checkpoint), threads, control);
    }

    /// The comparison with another checkpoint of the run.
    Comparison with(Checkpoint checkpoint, Path other, JobControl control) throws IOException {
        return ModelComparer.compare(checkpoint, whole(RunWatch.open(other)), threads, control);
    }

    /// A comparison by blocks.
    ///
    /// @param against what it was compared with
    static Drift drift(Comparison comparison, String against) {
        List<Block> blocks = new ArrayList<>();
        comparison
                .blocks()
                .forEach((list, numbers) -> numbers.forEach((number, kinds) -> {
                    Map<LayerKind, Double> changes = new EnumMap<>(LayerKind.class);
                    kinds.forEach((kind, change) -> changes.put(kind, relative(change)));
                    blocks.add(new Block(
                            list,
                            number,
                            relative(kinds.values().stream().reduce(ValueChange.NONE, ValueChange::plus)),
                            changes));
                }));
        SequencedMap<String, Double> outside = new LinkedHashMap<>();
        comparison.outside().forEach((module, change) -> outside.put(module, relative(change)));
        return new Drift(against, relative(comparison.total()), blocks, outside);
    }

    private static double relative(ValueChange change) {
        double value = change.relative();
        return Double.isFinite(value) ? new BigDecimal(value).round(DIGITS).doubleValue() : Double.NaN;
    }

    /// The identity of weights.
    String digest(CheckpointWeights weights, JobControl control) throws IOException {
        return WeightDigest.of(weights, threads, control);
    }

    /// What is suspicious in the weights.
    ///
    /// @param weights    as they were opened
    /// @param checkpoint the weights as a whole
    /// @param base       the comparison with the base: a matrix that was all zeros there is not dead
    Values values(CheckpointWeights weights, Checkpoint checkpoint, Comparison base, JobControl control)
            throws IOException {
        List<StoredTensor> tensors =
                checkpoint.entries().stream().map(StateEntry::tensor).toList();
        Set<String> empty = new HashSet<>();
        for (TensorChange tensor : base.tensors()) {
            if (tensor.change().baseSquares() == 0) {
                empty.add(tensor.name());
            }
        }
        List<String> nan = new ArrayList<>();
        List<String> infinite = new ArrayList<>();
        List<String> dead = new ArrayList<>();
        Map<StoredTensor, TensorStatistics> all = Statistics.of(tensors, threads, control);
        all.forEach((tensor, statistics) -> {
            if (statistics.nans() > 0) {
                nan.add(tensor.name());
            }
            if (statistics.infinities() > 0) {
                infinite.add(tensor.name());
            }
            if (tensor.shape().rank() > 1
                    && statistics.count() > 0
                    && statistics.zeros() == statistics.count()
                    && !empty.contains(tensor.name())) {
                dead.add(tensor.name());
            }
        });
        return new Values(
                Optional.of(digest(weights, control)), all.size(), Names.of(nan), Names.of(infinite), Names.of(dead));
    }
}
