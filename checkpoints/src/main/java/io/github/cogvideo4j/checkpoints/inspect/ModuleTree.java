package io.github.cogvideo4j.checkpoints.inspect;

import java.util.ArrayList;
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
}
