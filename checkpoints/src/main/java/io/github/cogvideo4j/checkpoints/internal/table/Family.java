package io.github.cogvideo4j.checkpoints.internal.table;

import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/// A family of models that share names: a row of `families.json`.
///
/// @param name       what to call them
/// @param classes    their classes; names alone do not tell which
/// @param component  the folder that a pipeline has them in
/// @param library    the library of the classes, which decides how weight files are called
/// @param has        patterns that all must occur, the first a whole name
/// @param ranks      numbers of dimensions that tensors must have
/// @param without    parts of names that relatives have and these do not
/// @param modules    the first segments that names may have
/// @param blocks     the lists of blocks
/// @param adapters   what may stand before a module's name in adapters' files
/// @param rules      names of the doctor's rules that hold for these models only
/// @param modelTypes what transformers' configurations call them, whatever their class
/// @param optional   components that such a pipeline may do without, each with the field of its index that has to
///                   be null then
/// @param configuration the reader of the first class's configuration, when there is one
/// @param original   what modules are called in the models' own repositories, whose names ComfyUI and kohya's
///                   scripts use: by the end of diffusers' name
/// @param facts      what the doctor's rules have to know of these models, by name: classes of pipelines and of
///                   schedulers, values that a scheduler must have
/// @param kinds      what tells models of one size from each other, where that is known
public record Family(
        String name,
        List<String> classes,
        String component,
        String library,
        List<NamePattern> has,
        Map<String, Integer> ranks,
        List<String> without,
        List<String> modules,
        List<String> blocks,
        List<String> adapters,
        List<String> rules,
        List<String> modelTypes,
        Map<String, String> optional,
        Optional<String> configuration,
        Map<String, String> original,
        Map<String, List<String>> facts,
        Optional<ModelKinds> kinds) {
    /// Copies the collections.
    public Family {
        classes = List.copyOf(classes);
        has = List.copyOf(has);
        ranks = Map.copyOf(ranks);
        without = List.copyOf(without);
        modules = List.copyOf(modules);
        blocks = List.copyOf(blocks);
        adapters = List.copyOf(adapters);
        rules = List.copyOf(rules);
        modelTypes = List.copyOf(modelTypes);
        optional = Map.copyOf(optional);
        original = Map.copyOf(original);
        facts = Map.copyOf(facts);
    }

    /// Finds these models' names under whatever wrapper. Of several wrappers the plain one is taken, as in
    /// [ModelTable#match(SequencedMap)].
    Optional<FamilyMatch> match(SequencedMap<String, Shape> found) {
        List<String> fitting = new ArrayList<>();
        for (String wrapper : wrappers(found)) {
            if (!has.stream().allMatch(pattern -> occurs(pattern, wrapper, found))) {
                continue;
            }
            if (isRelative(wrapper, found)) {
                // A longer wrapper would only hide the part that identifies the related family.
                return Optional.empty();
            }
            fitting.add(wrapper);
        }
        return fitting.stream().min(Matching.PLAIN_FIRST).map(wrapper -> split(wrapper, fitting, found));
    }

    /// Where a match found several models whose wrappers are called as components (`transformer.`,
    /// `transformer_2.`): each under its own. Empty where fewer than two are.
    ///
    /// @param match what was found
    /// @param found the names and shapes that it was found in
    public SequencedMap<String, FamilyMatch> byComponent(FamilyMatch match, SequencedMap<String, Shape> found) {
        List<String> all = new ArrayList<>(match.others());
        all.add(match.wrapper());
        SequencedMap<String, FamilyMatch> named = new LinkedHashMap<>();
        all.stream().sorted().forEach(wrapper -> {
            String name = Matching.lastSegment(wrapper);
            if (name.replaceFirst("_[0-9]+$", "").equals(component)) {
                named.putIfAbsent(name, split(wrapper, all, found));
            }
        });
        return named.size() > 1 ? named : new LinkedHashMap<>();
    }

    private SequencedSet<String> wrappers(SequencedMap<String, Shape> found) {
        List<String> all = new ArrayList<>();
        found.keySet().forEach(name -> all.addAll(has.getFirst().wrappers(name)));
        all.sort(Comparator.comparingInt(String::length));
        return new LinkedHashSet<>(all);
    }

    private static boolean occurs(NamePattern pattern, String wrapper, SequencedMap<String, Shape> found) {
        return found.keySet().stream().anyMatch(name -> pattern.matches(name, wrapper));
    }

    private boolean isRelative(String wrapper, SequencedMap<String, Shape> found) {
        for (Map.Entry<String, Integer> rank : ranks.entrySet()) {
            Shape shape = found.get(wrapper + rank.getKey());
            if (shape != null && shape.rank() != rank.getValue()) {
                return true;
            }
        }
        return found.keySet().stream()
                .filter(name -> name.startsWith(wrapper))
                .map(name -> name.substring(wrapper.length()))
                .anyMatch(name -> without.stream().anyMatch(name::contains));
    }

    private FamilyMatch split(String wrapper, List<String> fitting, SequencedMap<String, Shape> found) {
        List<String> others =
                fitting.stream().filter(other -> !other.equals(wrapper)).toList();
        SequencedMap<String, String> names = new LinkedHashMap<>();
        List<String> extra = new ArrayList<>();
        List<String> second = new ArrayList<>();
        List<String> outside = new ArrayList<>();
        for (String name : found.keySet()) {
            String inside = name.startsWith(wrapper) ? name.substring(wrapper.length()) : "";
            if (modules.contains(firstSegment(inside))) {
                names.put(name, inside);
            } else if (others.stream().anyMatch(name::startsWith)
                    || Matching.isState(name)
                    || Matching.isState(inside)) {
                second.add(name);
            } else {
                (inside.isEmpty() ? outside : extra).add(name);
            }
        }
        return new FamilyMatch(this, wrapper, others, names, extra, second, outside);
    }

    private static String firstSegment(String name) {
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }
}
