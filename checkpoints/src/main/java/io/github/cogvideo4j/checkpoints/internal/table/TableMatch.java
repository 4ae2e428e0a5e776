package io.github.cogvideo4j.checkpoints.internal.table;

import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;

/// The fit of a file's names with a model's table.
///
/// Every name that was found is in exactly one of: `names`, `extra`, `second`, `outside`.
///
/// @param table    the table
/// @param wrapper  what stands before every name of the table (`module.`, `app.model.`, empty for nothing)
/// @param others   other wrappers under which the table exists as well, or an averaged part of it (`ema.`)
/// @param names    the table's names by the name that the file has, in the file's order
/// @param missing  names of the table that the file lacks
/// @param reshaped tensors of another shape than the table's
/// @param extra    names of the file under the wrapper that the table lacks
/// @param second   names of the file that belong to another model of the same table, or to an optimizer
/// @param outside  names of the file that do not have the wrapper
public record TableMatch(
        ModelTable table,
        String wrapper,
        List<String> others,
        SequencedMap<String, String> names,
        List<String> missing,
        List<TensorMatch.Reshaped> reshaped,
        List<String> extra,
        List<String> second,
        List<String> outside) {
    /// Compares by how much of the table is there, in name and shape; the nearest is the greatest.
    public static final Comparator<TableMatch> BY_NEARNESS = Comparator.comparingDouble(TableMatch::nearness)
            .thenComparingInt(match -> -match.strangers())
            .thenComparingInt(match -> -match.table().tensors().size());

    /// Copies the collections.
    public TableMatch {
        others = List.copyOf(others);
        names = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(names));
        missing = List.copyOf(missing);
        reshaped = List.copyOf(reshaped);
        extra = List.copyOf(extra);
        second = List.copyOf(second);
        outside = List.copyOf(outside);
    }

    /// Whether the wrapper is called as a component.
    ///
    /// @param component the component's folder
    public boolean isUnder(String component) {
        return Matching.lastSegment(wrapper).equals(component);
    }

    /// All wrappers under which the table exists.
    public Set<String> wrappers() {
        Set<String> all = new TreeSet<>(others);
        all.add(wrapper);
        return all;
    }

    /// Whether every tensor of the table is there in its shape.
    public boolean complete() {
        return missing.isEmpty() && reshaped.isEmpty();
    }

    /// How many tensors of the table are there in their shape.
    public int agreeing() {
        return names.size() - reshaped.size();
    }

    /// Names that the table does not have.
    public int strangers() {
        return extra.size() + second.size() + outside.size();
    }

    /// The share of the table that is there, between 0 and 1; a name alone counts for less than a name with its
    /// shape.
    private double nearness() {
        return (names.size() + agreeing()) / (2.0 * Math.max(1, table.tensors().size()));
    }
}
