package io.github.cogvideo4j.formats.pickle;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Set;

/// Proves that a value can be walked: no cycles, bounded depth, and bounded size when every shared part is
/// counted wherever it occurs. One pass over the distinct values, without recursion.
final class ValueGraph {
    /// @param height       the longest way down to a leaf
    /// @param expandedSize the values below and including this one, shared parts counted each time; saturates
    private record Measure(int height, long expandedSize) {}

    private static final Measure LEAF = new Measure(1, 1);

    /// A container whose children are being visited.
    private static final class Visit {
        final PickleValue value;
        final Iterator<PickleValue> children;
        int height = 1;
        long expandedSize = 1;

        Visit(PickleValue value) {
            this.value = value;
            this.children = value.children().iterator();
        }

        void include(Measure child) {
            height = Math.max(height, child.height + 1);
            expandedSize = Math.min(Long.MAX_VALUE / 2, expandedSize + child.expandedSize);
        }
    }

    private ValueGraph() {}

    static void check(PickleValue root, PickleLimits limits, PickleDecoder decoder) {
        IdentityHashMap<PickleValue, Measure> measured = new IdentityHashMap<>();
        Set<PickleValue> open = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Visit> path = new ArrayDeque<>();
        enter(root, open, path);
        while (!path.isEmpty()) {
            Visit visit = path.getLast();
            if (visit.children.hasNext()) {
                PickleValue child = visit.children.next();
                Measure known = isScalar(child) ? LEAF : measured.get(child);
                if (known != null) {
                    visit.include(known);
                } else if (open.contains(child)) {
                    throw decoder.limit("formats.pickle.cycle");
                } else if (path.size() >= limits.nesting()) {
                    throw decoder.limit("formats.pickle.nesting", limits.nesting());
                } else {
                    enter(child, open, path);
                }
                continue;
            }
            path.removeLast();
            open.remove(visit.value);
            if (visit.height > limits.nesting()) {
                throw decoder.limit("formats.pickle.nesting", limits.nesting());
            }
            if (visit.expandedSize > limits.expandedSize()) {
                throw decoder.limit("formats.pickle.expansion", limits.expandedSize());
            }
            Measure measure = new Measure(visit.height, visit.expandedSize);
            measured.put(visit.value, measure);
            if (!path.isEmpty()) {
                path.getLast().include(measure);
            }
        }
    }

    private static void enter(PickleValue value, Set<PickleValue> open, Deque<Visit> path) {
        Visit visit = new Visit(value);
        open.add(value);
        path.addLast(visit);
    }

    /// Values without children, told by type: asking a large dictionary for its children copies them.
    private static boolean isScalar(PickleValue value) {
        return switch (value) {
            case PickleValue.None _,
                    PickleValue.Bool _,
                    PickleValue.Int _,
                    PickleValue.Real _,
                    PickleValue.Text _,
                    PickleValue.Bytes _,
                    PickleValue.Global _ -> true;
            default -> false;
        };
    }
}
