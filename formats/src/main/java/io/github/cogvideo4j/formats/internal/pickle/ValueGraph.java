package io.github.cogvideo4j.formats.internal.pickle;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Map;

/// A proof that a value can be walked: no cycles, bounded depth, and bounded size when every shared part is counted
/// wherever it occurs. One pass over the distinct values, without recursion.
final class ValueGraph {
    /// @param height       the longest way down to a leaf
    /// @param expandedSize the values below and including this one, shared parts counted each time; saturates
    private record Measure(int height, long expandedSize) {}

    private static final Measure LEAF = new Measure(1, 1);

    // Stands for a container whose children are being visited: the only one without a height.
    private static final Measure OPEN = new Measure(0, 0);

    // Most containers are the sizes of a tensor.
    private static final int SHORT = 8;

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
        Deque<Visit> path = new ArrayDeque<>();
        enter(root, measured, path);
        while (!path.isEmpty()) {
            Visit visit = path.getLast();
            if (visit.children.hasNext()) {
                PickleValue child = visit.children.next();
                Measure known = isScalar(child) ? LEAF : measured.get(child);
                if (known != null && known.height == 0) {
                    throw decoder.limit("formats.pickle.cycle");
                } else if (known != null) {
                    visit.include(known);
                } else if (path.size() >= limits.nesting()) {
                    throw decoder.limit("formats.pickle.nesting", limits.nesting());
                } else if (isShortTuple(child)) {
                    visit.include(new Measure(2, 1 + child.children().size()));
                } else {
                    enter(child, measured, path);
                }
                continue;
            }
            path.removeLast();
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

    private static void enter(PickleValue value, Map<PickleValue, Measure> measured, Deque<Visit> path) {
        Visit visit = new Visit(value);
        measured.put(value, OPEN);
        path.addLast(visit);
    }

    /// A tuple of a few scalars, which is measured as quickly as it is looked up.
    private static boolean isShortTuple(PickleValue value) {
        if (!(value instanceof PickleValue.Tuple tuple) || tuple.elements().size() > SHORT) {
            return false;
        }
        for (PickleValue element : tuple.elements()) {
            if (!isScalar(element)) {
                return false;
            }
        }
        return true;
    }

    /// Values without children, recognised by type: asking a large dictionary for its children copies them.
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
