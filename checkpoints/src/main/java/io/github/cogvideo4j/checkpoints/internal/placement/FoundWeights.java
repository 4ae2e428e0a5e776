package io.github.cogvideo4j.checkpoints.internal.placement;

import io.github.cogvideo4j.checkpoints.internal.table.StateParts;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Weights that are to be placed: their names and shapes, and the warnings about them.
final class FoundWeights {
    private final Checkpoint source;
    private final Place place;
    private final SequencedMap<String, Shape> shapes;
    private final Warnings warnings;

    /// @param source  the weights, under the names that their trainer gave them
    /// @param warnings takes what was removed, left out and chosen
    FoundWeights(Checkpoint source, Warnings warnings) {
        this.source = source;
        this.place = Place.of(source.folder());
        this.shapes = source.shapes();
        this.warnings = warnings;
    }

    Checkpoint source() {
        return source;
    }

    /// Where they are, for messages.
    Place place() {
        return place;
    }

    SequencedMap<String, Shape> shapes() {
        return shapes;
    }

    Warnings warnings() {
        return warnings;
    }

    /// The names of all of them, for a message.
    Message.Argument listed() {
        return Message.first(shapes.keySet());
    }

    /// Tells what was removed from before the names.
    void tellNames(String wrapper, int count) {
        if (!wrapper.isEmpty()) {
            warnings.report(
                    ProblemCode.KEY_PREFIX, place, "checkpoints.placement.wrapper", wrapper, count, shapes.size());
        }
    }

    /// Tells which tensors belong to another model, to an optimizer, or to nothing known.
    void tellLeftOut(String wrapper, List<String> second, List<String> outside, List<String> others) {
        if (!wrapper.isEmpty() && !others.isEmpty() && others.stream().allMatch(StateParts::isAveraged)) {
            warnings.report(ProblemCode.CHOICE, place, "checkpoints.placement.average-there", others, wrapper);
        } else if (!second.isEmpty()) {
            warnings.report(
                    ProblemCode.CHOICE,
                    place,
                    others.isEmpty() ? "checkpoints.placement.states" : "checkpoints.placement.second",
                    second.size(),
                    others.isEmpty() ? Message.first(second) : others);
        }
        if (!outside.isEmpty()) {
            warnings.report(
                    ProblemCode.CHOICE, place, "checkpoints.placement.outside", outside.size(), Message.first(outside));
        }
    }

    /// The names of buffers.
    List<String> buffers() {
        return source.entries().stream()
                .filter(entry -> entry.role() == StateEntry.Role.BUFFER)
                .map(StateEntry::name)
                .toList();
    }

    /// The weights under other names; those without one are left out.
    Checkpoint renamed(Map<String, String> names) {
        return renamed(source, names);
    }

    /// The names of a table or family, and what else stands under the same wrapper.
    static Map<String, String> names(SequencedMap<String, String> known, List<String> extra, String wrapper) {
        Map<String, String> names = new LinkedHashMap<>(known);
        extra.forEach(name -> names.put(name, name.substring(wrapper.length())));
        return names;
    }

    /// The entries that have a new name, under it.
    static Checkpoint renamed(Checkpoint source, Map<String, String> names) {
        Map<String, StateEntry> entries =
                source.entries().stream().collect(Collectors.toMap(StateEntry::name, Function.identity()));
        boolean same = names.size() == entries.size()
                && names.entrySet().stream().allMatch(name -> name.getKey().equals(name.getValue()));
        if (same) {
            return source;
        }
        return source.withEntries(source.entries().stream()
                .filter(entry -> names.containsKey(entry.name()))
                .map(entry -> entry.withName(names.getOrDefault(entry.name(), entry.name())))
                .toList());
    }

    /// Says which components were chosen, where it is not the transformer alone.
    void tellChosen(List<PlacedComponent> placed) {
        placed.stream()
                .filter(one -> placed.size() > 1 || !one.component().equals(Component.TRANSFORMER))
                .forEach(one -> warnings.report(
                        ProblemCode.CHOICE,
                        place,
                        "checkpoints.convert.component",
                        one.component().folder()));
    }
}
