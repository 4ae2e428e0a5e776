package io.github.cogvideo4j.checkpoints.internal.table;

import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The search for what is wrapped around a table's names.
///
/// A wrapper is whatever stands before a name of the table. All that occur are counted in one walk over the
/// names; the one under which most of the table exists is taken. No list of prefixes takes part.
final class Matching {
    /// Orders wrappers under which everything exists: the model itself before averaged copies of it.
    static final Comparator<String> PLAIN_FIRST = Comparator.comparing(StateParts::isAveraged)
            .thenComparingInt(String::length)
            .thenComparing(Comparator.naturalOrder());

    private final ModelTable table;
    private final SequencedMap<String, Shape> found;
    private final String component;
    private final Map<String, Wrapper> wrappers = new LinkedHashMap<>();

    /// @param component the folder of what the table is of, empty for anything
    Matching(ModelTable table, SequencedMap<String, Shape> found, String component) {
        this.table = table;
        this.found = found;
        this.component = component;
    }

    /// What stands before names of the table, how often, and how often the shape agrees too.
    private static final class Wrapper {
        private final String text;
        private int names;
        private int shapes;

        private Wrapper(String text) {
            this.text = text;
        }
    }

    TableMatch best() {
        count();
        List<Wrapper> ranked = new ArrayList<>(wrappers.values());
        ranked.sort(Comparator.comparingInt((Wrapper wrapper) -> -wrapper.names)
                .thenComparingInt(wrapper -> -wrapper.shapes)
                .thenComparing(wrapper -> StateParts.isAveraged(wrapper.text))
                .thenComparing(wrapper -> !lastSegment(wrapper.text).equals(component))
                .thenComparing(wrapper -> wrapper.text, PLAIN_FIRST));
        String chosen = ranked.isEmpty() ? "" : ranked.getFirst().text;
        List<String> others = ranked.stream()
                .filter(wrapper -> !wrapper.text.equals(chosen))
                .filter(wrapper -> wrapper.names == table.tensors().size()
                        // An averaged copy may have the trained part only.
                        || (StateParts.isAveraged(wrapper.text)
                                && 2 * wrapper.names >= table.tensors().size()))
                .map(wrapper -> wrapper.text)
                .toList();
        return split(chosen, others);
    }

    /// The last segment of a wrapper: `transformer_2` of `module.transformer_2.`.
    static String lastSegment(String wrapper) {
        String whole = wrapper.endsWith(".") ? wrapper.substring(0, wrapper.length() - 1) : wrapper;
        return whole.substring(whole.lastIndexOf('.') + 1);
    }

    private void count() {
        int longest = table.tensors().sequencedKeySet().stream()
                .mapToInt(String::length)
                .max()
                .orElse(0);
        for (Map.Entry<String, Shape> tensor : found.entrySet()) {
            String name = tensor.getKey();
            for (int start = Math.max(0, name.length() - longest); start < name.length(); start++) {
                ModelTable.Tensor expected = table.tensors().get(name.substring(start));
                if (expected != null) {
                    Wrapper wrapper = wrappers.computeIfAbsent(name.substring(0, start), Wrapper::new);
                    wrapper.names++;
                    wrapper.shapes += expected.shape().equals(tensor.getValue()) ? 1 : 0;
                }
            }
        }
    }

    private TableMatch split(String wrapper, List<String> others) {
        SequencedMap<String, String> names = new LinkedHashMap<>();
        SequencedMap<String, Shape> wrapped = new LinkedHashMap<>();
        List<String> extra = new ArrayList<>();
        List<String> second = new ArrayList<>();
        List<String> outside = new ArrayList<>();
        for (Map.Entry<String, Shape> tensor : found.entrySet()) {
            String name = tensor.getKey();
            String inside = name.startsWith(wrapper) ? name.substring(wrapper.length()) : "";
            if (table.tensors().containsKey(inside)) {
                names.put(name, inside);
                wrapped.put(inside, tensor.getValue());
            } else if (others.stream().anyMatch(other -> isUnder(other, name)) || isState(name) || isState(inside)) {
                second.add(name);
            } else {
                (inside.isEmpty() ? outside : extra).add(name);
            }
        }
        TensorMatch match = TensorMatch.of(table.shapes(), wrapped);
        return new TableMatch(table, wrapper, others, names, match.missing(), match.reshaped(), extra, second, outside);
    }

    private boolean isUnder(String other, String name) {
        return other.isEmpty() ? table.tensors().containsKey(name) : name.startsWith(other);
    }

    /// Whether a name is an optimizer's, or another state's that is no model's.
    static boolean isState(String name) {
        int dot = name.indexOf('.');
        return dot > 0 && StateParts.isTraining(name.substring(0, dot));
    }
}
