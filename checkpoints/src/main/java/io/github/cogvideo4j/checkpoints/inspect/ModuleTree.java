package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.checkpoints.inspect.Contents.ListedTensor;
import io.github.cogvideo4j.formats.tensor.DType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// Tensors by module: the dots of a name are the steps down a tree.
public final class ModuleTree {
    /// Deeper names are left whole: no module nests so far, and a hostile name must not cost a stack.
    private static final int DEEPEST = 32;

    private final SequencedMap<String, ModuleTree> modules = new LinkedHashMap<>();
    private final SequencedMap<String, ListedTensor> tensors = new LinkedHashMap<>();
    private TensorTotals totals = TensorTotals.NONE;

    private ModuleTree() {}

    /// The tree of some tensors, in their order.
    public static ModuleTree of(List<ListedTensor> tensors) {
        ModuleTree root = new ModuleTree();
        tensors.forEach(root::add);
        return root;
    }

    private void add(ListedTensor tensor) {
        List<String> steps = new ArrayList<>(List.of(tensor.name().split("\\.", DEEPEST)));
        String leaf = steps.removeLast();
        ModuleTree module = this;
        TensorTotals own = TensorTotals.of(tensor);
        module.totals = module.totals.plus(own);
        for (String step : steps) {
            module = module.modules.computeIfAbsent(step, _ -> new ModuleTree());
            module.totals = module.totals.plus(own);
        }
        module.tensors.put(leaf, tensor);
    }

    /// The modules inside, by name.
    public Map<String, ModuleTree> modules() {
        return java.util.Collections.unmodifiableSequencedMap(modules);
    }

    /// The module's own tensors, by the last part of their names.
    public Map<String, ListedTensor> tensors() {
        return java.util.Collections.unmodifiableSequencedMap(tensors);
    }

    /// What it holds in all.
    public TensorTotals totals() {
        return totals;
    }

    /// How many tensors, parameters and bytes.
    ///
    /// @param tensors    how many tensors
    /// @param parameters how many elements of parameters
    /// @param bytes      the tensors' bytes, each counted as if it had a storage of its own
    public record TensorTotals(long tensors, long parameters, long bytes) {
        /// Nothing.
        public static final TensorTotals NONE = new TensorTotals(0, 0, 0);

        /// Of one tensor.
        public static TensorTotals of(ListedTensor tensor) {
            return new TensorTotals(
                    1,
                    tensor.isParameter() ? tensor.tensor().shape().numel() : 0,
                    tensor.tensor().byteLength());
        }

        /// Of several.
        public static TensorTotals of(Collection<ListedTensor> tensors) {
            return tensors.stream().map(TensorTotals::of).reduce(NONE, TensorTotals::plus);
        }

        /// Of several, by dtype, in the order of [DType].
        public static Map<DType, TensorTotals> byDType(Collection<ListedTensor> tensors) {
            Map<DType, TensorTotals> totals = new EnumMap<>(DType.class);
            tensors.forEach(tensor -> totals.merge(tensor.tensor().dtype(), of(tensor), TensorTotals::plus));
            return totals;
        }

        /// Both together.
        public TensorTotals plus(TensorTotals other) {
            return new TensorTotals(tensors + other.tensors, parameters + other.parameters, bytes + other.bytes);
        }
    }
}
