package io.github.cogvideo4j.checkpoints.source.sat;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// A translation by rules, one a diffusers module, in the order in which diffusers registers them.
///
/// Rows are the first dimension of a weight and the only one of a bias, and contiguous, so a part of a fused
/// module is a sub-range of its bytes.
record RuleTable(List<ModuleRule> rules) implements Translation {
    /// A tensor on its way, with what decides its place in the order.
    private record Placed(int rule, ModuleRule.Tensor tensor, StateEntry entry) {}

    @Override
    public List<StateEntry> toDiffusers(List<StateEntry> entries, Place place) {
        List<Placed> placed = new ArrayList<>();
        List<StateEntry> unknown = new ArrayList<>();
        for (StateEntry entry : entries) {
            int before = placed.size();
            for (int i = 0; i < rules.size(); i++) {
                ModuleRule rule = rules.get(i);
                int number = i;
                rule.sat()
                        .match(entry.name())
                        .ifPresent(tensor -> placed.add(new Placed(number, tensor, take(rule, tensor, entry, place))));
            }
            if (placed.size() == before) {
                unknown.add(entry);
            }
        }
        if (!unknown.isEmpty()) {
            throw Translation.unknown(unknown, place);
        }
        placed.sort(Comparator.comparingInt((Placed tensor) -> section(tensor.rule()))
                .thenComparingInt(tensor -> tensor.tensor().layer())
                .thenComparingInt(Placed::rule)
                // Weight before bias.
                .thenComparing(tensor -> tensor.tensor().tail(), Comparator.reverseOrder()));
        return Translation.unique(placed.stream().map(Placed::entry).toList(), place);
    }

    /// Modules before the layers, the layers, modules behind them.
    private int section(int rule) {
        if (rules.get(rule).diffusers().hasLayer()) {
            return 1;
        }
        return rules.subList(0, rule).stream().anyMatch(before -> before.diffusers().hasLayer()) ? 2 : 0;
    }

    private static StateEntry take(ModuleRule rule, ModuleRule.Tensor which, StateEntry entry, Place place) {
        String name = rule.diffusers().key(which);
        if (rule.outOf() == 1) {
            return entry.withName(name);
        }
        StoredTensor tensor = entry.tensor();
        long rows = rows(tensor, rule.outOf(), place);
        return new StateEntry(
                new StoredTensor(
                        name,
                        tensor.dtype(),
                        withRows(tensor.shape(), rows * rule.parts().size()),
                        new TensorData.Extents(slices(tensor, rule.outOf(), rule.parts()))),
                entry.role());
    }

    /// The rows of each part.
    private static long rows(StoredTensor tensor, int parts, Place place) {
        Shape shape = tensor.shape();
        if (shape.rank() == 0 || shape.size(0) % parts != 0) {
            throw new InvalidCheckpointException(
                    ProblemCode.SHAPE_MISMATCH,
                    place.tensor(tensor.name()),
                    "checkpoints.sat.indivisible",
                    tensor.name(),
                    shape,
                    parts);
        }
        if (!(tensor.data() instanceof TensorData.Extents)) {
            throw new UnsupportedFileException(
                    ProblemCode.UNSUPPORTED_TENSOR,
                    place.tensor(tensor.name()),
                    "checkpoints.sat.not-row-major",
                    tensor.name());
        }
        return shape.size(0) / parts;
    }

    private static Shape withRows(Shape shape, long rows) {
        List<Long> sizes = new ArrayList<>(shape.sizes());
        sizes.set(0, rows);
        return new Shape(sizes);
    }

    private static List<Extent> slices(StoredTensor tensor, int outOf, List<Integer> parts) {
        long elements = tensor.shape().numel() / outOf;
        return parts.stream()
                .flatMap(part -> tensor.slice(part * elements, elements).stream())
                .toList();
    }

    @Override
    public List<StateEntry> toSat(List<StateEntry> entries, Place place) {
        SequencedMap<String, Map<ModuleRule, StateEntry>> shares = new LinkedHashMap<>();
        List<StateEntry> unknown = new ArrayList<>();
        for (StateEntry entry : Translation.unique(entries, place)) {
            boolean known = false;
            for (ModuleRule rule : rules) {
                var tensor = rule.diffusers().match(entry.name());
                if (tensor.isPresent()) {
                    shares.computeIfAbsent(rule.sat().key(tensor.get()), _ -> new LinkedHashMap<>())
                            .put(rule, entry);
                    known = true;
                }
            }
            if (!known) {
                unknown.add(entry);
            }
        }
        if (!unknown.isEmpty()) {
            throw Translation.unknown(unknown, place);
        }
        List<StateEntry> joined = new ArrayList<>();
        shares.forEach((name, parts) -> joined.add(join(name, parts, place)));
        return Translation.unique(joined, place);
    }

    private StateEntry join(String name, Map<ModuleRule, StateEntry> shares, Place place) {
        ModuleRule first = shares.keySet().iterator().next();
        if (first.outOf() == 1) {
            return shares.values().iterator().next().withName(name);
        }
        StateEntry any = shares.values().iterator().next();
        List<Extent> extents = new ArrayList<>();
        long rows = 0;
        for (int part = 0; part < first.outOf(); part++) {
            StoredTensor share = null;
            int position = 0;
            int outOf = 1;
            for (Map.Entry<ModuleRule, StateEntry> candidate : shares.entrySet()) {
                List<Integer> parts = candidate.getKey().parts();
                if (parts.contains(part)) {
                    share = candidate.getValue().tensor();
                    position = parts.indexOf(part);
                    outOf = parts.size();
                }
            }
            if (share == null) {
                throw missing(name, place);
            }
            rows += rows(share, outOf, place);
            extents.addAll(slices(share, outOf, List.of(position)));
            requireAlike(any.tensor(), share, place);
        }
        StoredTensor tensor = any.tensor();
        return new StateEntry(
                new StoredTensor(
                        name, tensor.dtype(), withRows(tensor.shape(), rows), new TensorData.Extents(extents)),
                any.role());
    }

    /// Parts of one tensor have one dtype and rows of one length.
    private static void requireAlike(StoredTensor first, StoredTensor other, Place place) {
        if (first.dtype() != other.dtype()
                || !withRows(first.shape(), 1).equals(withRows(other.shape(), 1))) {
            throw new InvalidCheckpointException(
                    ProblemCode.SHAPE_MISMATCH,
                    place.tensor(other.name()),
                    "checkpoints.sat.unlike",
                    first.name(),
                    first.dtype() + first.shape().toString(),
                    other.name(),
                    other.dtype() + other.shape().toString());
        }
    }

    private static InvalidCheckpointException missing(String name, Place place) {
        return new InvalidCheckpointException(
                ProblemCode.MISSING_TENSOR, place.tensor(name), "checkpoints.sat.part-missing", name);
    }

    /// Refuses a state dict whose layers do not all have the modules that any of them has.
    void requireWholeLayers(List<StateEntry> entries, Place place) {
        int layers = 0;
        Map<String, Integer> seen = new LinkedHashMap<>();
        for (StateEntry entry : entries) {
            for (ModuleRule rule : rules) {
                var tensor = rule.sat().match(entry.name());
                if (rule.sat().hasLayer() && tensor.isPresent()) {
                    layers = Math.max(layers, tensor.get().layer() + 1);
                    seen.put(entry.name(), tensor.get().layer());
                }
            }
        }
        List<String> missing = new ArrayList<>();
        for (ModuleRule rule : rules) {
            for (int layer = 0; rule.sat().hasLayer() && layer < layers; layer++) {
                String key = rule.sat().key(new ModuleRule.Tensor(layer, ".weight"));
                if (!seen.containsKey(key) && !missing.contains(key)) {
                    missing.add(key);
                }
            }
        }
        if (!missing.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_TENSOR,
                    place.tensor(missing.getFirst()),
                    "checkpoints.sat.layers-incomplete",
                    missing.size(),
                    layers,
                    Translation.listed(missing));
        }
    }
}
