package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.LayerChange;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// An adapter whose names have been found among a model's.
///
/// @param adapter the adapter, its bound modules under the model's names
/// @param targets what it changes, by the tensor's name in the model
/// @param unbound modules, as the file names them, that the model does not have
/// @param wrapper what stood before the names in the file and was taken off, when anything did
public record AdapterBinding(
        AdapterContent adapter, SequencedMap<String, Target> targets, List<String> unbound, String wrapper) {
    private static final Pattern BLOCK = Pattern.compile("(?:blocks|layers)[._](\\d{1,6})[._]");

    /// Copies the collections.
    public AdapterBinding {
        targets = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(targets));
        unbound = List.copyOf(unbound);
    }

    /// A tensor that an adapter changes.
    ///
    /// @param module  the module it belongs to
    /// @param changes what is done to it
    public record Target(AdaptedModule module, List<LayerChange> changes) {}

    /// How many modules are bound.
    public int bound() {
        return adapter.modules().size();
    }

    /// How many modules the adapter has.
    public int modules() {
        return bound() + unbound.size();
    }

    /// Finds an adapter's names among a model's.
    ///
    /// @throws InvalidCheckpointException `ambiguous-weights` when a name could be two of the model's modules,
    ///     `duplicate-weights` when two of the adapter's names are the same module
    public static AdapterBinding of(AdapterContent adapter, ModelNames names) {
        String wrapper = wrapper(adapter, names);
        SequencedMap<String, AdaptedModule> modules = new LinkedHashMap<>();
        SequencedMap<String, Target> targets = new LinkedHashMap<>();
        List<String> unbound = new ArrayList<>();
        for (AdaptedModule module : adapter.modules().values()) {
            Set<String> found = find(module, names, wrapper);
            if (found.size() > 1) {
                throw new InvalidCheckpointException(
                        ProblemCode.AMBIGUOUS_WEIGHTS,
                        Place.of(adapter.file()).tensor(module.name()),
                        "checkpoints.lora.collision",
                        module.name(),
                        found.stream().sorted().toList());
            }
            if (found.isEmpty() || !hasTensors(module, found.iterator().next(), names)) {
                unbound.add(module.name());
                continue;
            }
            AdaptedModule bound = module.bound(found.iterator().next());
            if (modules.putIfAbsent(bound.name(), bound) != null) {
                throw new InvalidCheckpointException(
                        ProblemCode.DUPLICATE_WEIGHTS,
                        Place.of(adapter.file()).tensor(module.name()),
                        "checkpoints.lora.same-module",
                        bound.name());
            }
            if (!bound.weight().isEmpty()) {
                targets.put(names.weight(bound.name()).orElseThrow(), new Target(bound, bound.weight()));
            }
            if (!bound.bias().isEmpty()) {
                targets.put(names.bias(bound.name()).orElseThrow(), new Target(bound, bound.bias()));
            }
        }
        return new AdapterBinding(adapter.withModules(modules), targets, unbound, wrapper);
    }

    private static Set<String> find(AdaptedModule module, ModelNames names, String wrapper) {
        if (module.flattened()) {
            return names.unflatten(module.name());
        }
        String name = module.name().startsWith(wrapper) ? module.name().substring(wrapper.length()) : module.name();
        return names.find(name).map(Set::of).orElse(Set.of());
    }

    private static boolean hasTensors(AdaptedModule module, String name, ModelNames names) {
        return (module.weight().isEmpty() || names.weight(name).isPresent())
                && (module.bias().isEmpty() || names.bias(name).isPresent());
    }

    /// The prefix to remove so that most names are the model's; empty where removing one does not help.
    private static String wrapper(AdapterContent adapter, ModelNames names) {
        Map<String, Integer> counts = new HashMap<>();
        for (AdaptedModule module : adapter.modules().values()) {
            if (module.flattened()) {
                continue;
            }
            String name = module.name();
            for (int start = 0; start >= 0; ) {
                if (names.find(name.substring(start)).isPresent()) {
                    counts.merge(name.substring(0, start), 1, Integer::sum);
                }
                int dot = name.indexOf('.', start);
                start = dot < 0 ? -1 : dot + 1;
            }
        }
        return counts.entrySet().stream()
                .min(Comparator.comparingInt((Map.Entry<String, Integer> entry) -> -entry.getValue())
                        .thenComparingInt(entry -> entry.getKey().length()))
                .map(Map.Entry::getKey)
                .orElse("");
    }

    /// This binding, when every module is bound and every change has the size of what it changes.
    ///
    /// @param names the model's names, again
    /// @throws InvalidCheckpointException `extra-tensor`, `shape-mismatch`
    public AdapterBinding require(ModelNames names) {
        requireBound();
        Place place = Place.of(adapter.file());
        targets.forEach((tensor, target) -> {
            Shape shape = names.shape(tensor);
            for (LayerChange change : target.changes()) {
                if (!change.delta().fits(shape)) {
                    throw new InvalidCheckpointException(
                            ProblemCode.SHAPE_MISMATCH,
                            place.tensor(tensor),
                            "checkpoints.lora.other-size",
                            tensor,
                            change.delta().shape(),
                            shape);
                }
            }
        });
        return this;
    }

    /// This binding, when every module is bound.
    ///
    /// @throws InvalidCheckpointException `extra-tensor` with how many are not, and which
    public AdapterBinding requireBound() {
        if (unbound.isEmpty()) {
            return this;
        }
        Place place = Place.of(adapter.file()).tensor(unbound.getFirst());
        OptionalInt blocks = blocks();
        if (blocks.isPresent() && bound() > 0) {
            throw new InvalidCheckpointException(
                    ProblemCode.EXTRA_TENSOR,
                    place,
                    "checkpoints.lora.unbound-blocks",
                    bound(),
                    modules(),
                    Message.first(unbound),
                    blocks.getAsInt());
        }
        throw new InvalidCheckpointException(
                ProblemCode.EXTRA_TENSOR,
                place,
                "checkpoints.lora.unbound",
                bound(),
                modules(),
                Message.first(unbound));
    }

    /// How many blocks a model needs to have the blocks that this one lacks.
    private OptionalInt blocks() {
        return unbound.stream()
                .map(BLOCK::matcher)
                .filter(Matcher::find)
                .mapToInt(matcher -> Integer.parseInt(matcher.group(1)) + 1)
                .max();
    }

    /// All changed tensors' names.
    public Stream<String> changed() {
        return targets.keySet().stream();
    }
}
