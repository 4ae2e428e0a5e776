package io.github.cogvideo4j.checkpoints.inspect.compare;

import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/// The changes that a fine-tuning made.
///
/// @param model       the fine-tuned weights
/// @param base        what they started from
/// @param tensors     every tensor that both have in the same shape, in the model's order
/// @param onlyInModel names that only the model has
/// @param onlyInBase  names that only the base has
/// @param reshaped    names that both have in different shapes: the model's and the base's
/// @param unreadable  names whose elements are no real numbers, so that there is nothing to subtract
public record Comparison(
        Path model,
        Path base,
        List<TensorChange> tensors,
        List<String> onlyInModel,
        List<String> onlyInBase,
        SequencedMap<String, List<Shape>> reshaped,
        List<String> unreadable) {
    /// Copies the collections.
    public Comparison {
        tensors = List.copyOf(tensors);
        onlyInModel = List.copyOf(onlyInModel);
        onlyInBase = List.copyOf(onlyInBase);
        reshaped = new LinkedHashMap<>(reshaped);
        unreadable = List.copyOf(unreadable);
    }

    /// The change of everything.
    public ValueChange total() {
        return sum(tensors);
    }

    /// By list of blocks in the model's order, in each by block, and in each of those by kind of layer.
    public SequencedMap<String, SortedMap<Integer, Map<LayerKind, ValueChange>>> blocks() {
        SequencedMap<String, SortedMap<Integer, Map<LayerKind, ValueChange>>> lists = new LinkedHashMap<>();
        for (TensorChange tensor : tensors) {
            tensor.position()
                    .block()
                    .ifPresent(block -> lists.computeIfAbsent(block.list(), _ -> new TreeMap<>())
                            .computeIfAbsent(block.number(), _ -> new EnumMap<LayerKind, ValueChange>(LayerKind.class))
                            .merge(tensor.position().kind(), tensor.change(), ValueChange::plus));
        }
        return lists;
    }

    /// By kind of layer, over all blocks and around them.
    public Map<LayerKind, ValueChange> kinds() {
        Map<LayerKind, ValueChange> kinds = new EnumMap<>(LayerKind.class);
        tensors.forEach(tensor -> kinds.merge(tensor.position().kind(), tensor.change(), ValueChange::plus));
        return kinds;
    }

    /// The modules outside of the blocks, in their order.
    public SequencedMap<String, ValueChange> outside() {
        return group(
                tensors.stream()
                        .filter(tensor -> tensor.position().block().isEmpty())
                        .toList(),
                tensor -> tensor.position().module());
    }

    /// Tensors that the two sides store differently: `F32 -> BF16` and how many.
    public SequencedMap<String, Integer> dtypeDifferences() {
        SequencedMap<String, Integer> pairs = new LinkedHashMap<>();
        tensors.stream()
                .filter(tensor -> tensor.modelDType() != tensor.baseDType())
                .forEach(tensor -> pairs.merge(tensor.baseDType() + " -> " + tensor.modelDType(), 1, Integer::sum));
        return pairs;
    }

    /// The tensors that moved, the farthest first; those that hold NaN or infinite values come before all.
    public List<TensorChange> mostChanged() {
        return tensors.stream()
                .filter(tensor -> tensor.relative() != 0)
                .sorted(Comparator.comparingDouble(TensorChange::relative).reversed())
                .toList();
    }

    /// The tensor that moved least of all those that moved.
    public Optional<TensorChange> leastChanged() {
        return mostChanged().isEmpty()
                ? Optional.empty()
                : Optional.of(mostChanged().getLast());
    }

    /// How many tensors are what they were.
    public long unchanged() {
        return tensors.stream().filter(tensor -> tensor.relative() == 0).count();
    }

    /// The change of some tensors together.
    public static ValueChange sum(Collection<TensorChange> tensors) {
        return tensors.stream().map(TensorChange::change).reduce(ValueChange.NONE, ValueChange::plus);
    }

    private static SequencedMap<String, ValueChange> group(
            List<TensorChange> tensors, Function<TensorChange, String> name) {
        SequencedMap<String, ValueChange> groups = new LinkedHashMap<>();
        tensors.forEach(tensor -> groups.merge(name.apply(tensor), tensor.change(), ValueChange::plus));
        return groups;
    }

    /// How many tensors changed how much, in steps that are equal on a logarithmic scale.
    ///
    /// @param bins      the steps, from the smallest change to the largest, without gaps
    /// @param unchanged how many tensors did not change at all
    /// @param beyond    how many have no finite change: the base was all zeros, or a side holds NaN
    public record Histogram(List<Bin> bins, long unchanged, long beyond) {
        /// Steps to a factor of ten: readable for changes that span one decade as well as six.
        private static final int STEPS = 10;

        /// Changes further apart than this are put together at the lower end.
        private static final int MOST_STEPS = 100;

        /// One step.
        ///
        /// @param from  the smallest relative change in it
        /// @param to    where the next one begins
        /// @param count how many tensors
        public record Bin(double from, double to, long count) {}

        /// Copies the list.
        public Histogram {
            bins = List.copyOf(bins);
        }

        /// The histogram of a comparison's tensors.
        public static Histogram of(List<TensorChange> tensors) {
            List<Integer> steps = tensors.stream()
                    .map(TensorChange::relative)
                    .filter(change -> change > 0 && Double.isFinite(change))
                    .map(Histogram::step)
                    .toList();
            List<Bin> bins = new ArrayList<>();
            if (!steps.isEmpty()) {
                int last = steps.stream().mapToInt(Integer::intValue).max().orElseThrow();
                int first = Math.max(
                        steps.stream().mapToInt(Integer::intValue).min().orElseThrow(), last - MOST_STEPS + 1);
                for (int step = first; step <= last; step++) {
                    int current = step;
                    bins.add(new Bin(
                            edge(step),
                            edge(step + 1),
                            steps.stream()
                                    .filter(s -> Math.max(s, first) == current)
                                    .count()));
                }
            }
            long unchanged =
                    tensors.stream().filter(tensor -> tensor.relative() == 0).count();
            return new Histogram(bins, unchanged, tensors.size() - steps.size() - unchanged);
        }

        private static int step(double change) {
            return (int) Math.floor(Math.log10(change) * STEPS);
        }

        private static double edge(int step) {
            return Math.pow(10, (double) step / STEPS);
        }
    }
}
