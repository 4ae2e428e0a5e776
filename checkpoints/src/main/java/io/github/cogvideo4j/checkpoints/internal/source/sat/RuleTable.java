package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// A translation by rules, one a diffusers module, in the order in which diffusers registers them.
record RuleTable(List<ModuleRule> rules) implements Translation {
    /// A tensor on its way, with what decides its place in the order.
    private record Placed(int rule, ModuleRule.Tensor tensor, StateEntry entry) {}

    @Override
    public List<StateEntry> toDiffusers(List<StateEntry> entries, Place place) {
        FusedRows rows = new FusedRows(place);
        List<Placed> placed = new ArrayList<>();
        List<StateEntry> unknown = new ArrayList<>();
        for (StateEntry entry : entries) {
            int before = placed.size();
            for (int i = 0; i < rules.size(); i++) {
                ModuleRule rule = rules.get(i);
                Optional<ModuleRule.Tensor> tensor = rule.sat().match(entry.name());
                if (tensor.isPresent()) {
                    String name = rule.diffusers().key(tensor.get());
                    placed.add(new Placed(
                            i, tensor.get(), rule.outOf() == 1 ? entry.withName(name) : rows.take(rule, name, entry)));
                }
            }
            if (placed.size() == before) {
                unknown.add(entry);
            }
        }
        Translation.refuse(unknown, place);
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
        return rules.subList(0, rule).stream()
                        .anyMatch(before -> before.diffusers().hasLayer())
                ? 2
                : 0;
    }

    @Override
    public List<StateEntry> toSat(List<StateEntry> entries, Place place) {
        SequencedMap<String, Map<ModuleRule, StateEntry>> shares = new LinkedHashMap<>();
        List<StateEntry> unknown = new ArrayList<>();
        for (StateEntry entry : Translation.unique(entries, place)) {
            boolean known = false;
            for (ModuleRule rule : rules) {
                Optional<ModuleRule.Tensor> tensor = rule.diffusers().match(entry.name());
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
        Translation.refuse(unknown, place);
        FusedRows rows = new FusedRows(place);
        List<StateEntry> joined = new ArrayList<>();
        shares.forEach((name, parts) -> {
            Map.Entry<ModuleRule, StateEntry> first =
                    parts.entrySet().iterator().next();
            joined.add(first.getKey().outOf() == 1 ? first.getValue().withName(name) : rows.join(name, parts));
        });
        return joined;
    }

    /// Refuses a state dict whose layers do not all have the weights of every module.
    void requireWholeLayers(List<StateEntry> entries, Place place) {
        Set<String> names = new HashSet<>();
        int layers = 0;
        for (StateEntry entry : entries) {
            names.add(entry.name());
            for (ModuleRule rule : rules) {
                if (rule.sat().hasLayer()) {
                    layers = Math.max(
                            layers,
                            rule.sat()
                                    .match(entry.name())
                                    .map(tensor -> tensor.layer() + 1)
                                    .orElse(0));
                }
            }
        }
        Set<String> missing = new LinkedHashSet<>();
        for (ModuleRule rule : rules) {
            for (int layer = 0; rule.sat().hasLayer() && layer < layers; layer++) {
                String key = rule.sat().key(new ModuleRule.Tensor(layer, ".weight"));
                if (!names.contains(key)) {
                    missing.add(key);
                }
            }
        }
        if (!missing.isEmpty()) {
            String first = missing.iterator().next();
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_TENSOR,
                    place.tensor(first),
                    "checkpoints.sat.layers-incomplete",
                    missing.size(),
                    layers,
                    Message.first(missing));
        }
    }
}
