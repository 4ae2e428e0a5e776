package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.FamilyMatch;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The names of a model's modules and tensors, against which an adapter's names are matched. An adapter's name
/// is never taken apart to guess what it means.
public final class ModelNames {
    private final Map<String, Shape> tensors;
    private final Map<String, String> modules = new HashMap<>();
    private final Map<String, Set<String>> flattened = new HashMap<>();

    private ModelNames(Map<String, Shape> tensors) {
        this.tensors = Map.copyOf(tensors);
        for (String tensor : tensors.keySet()) {
            int dot = tensor.lastIndexOf('.');
            modules.put(tensor, tensor);
            String module = dot > 0 ? tensor.substring(0, dot) : tensor;
            modules.put(module, module);
        }
        Set<String> own = Set.copyOf(modules.keySet());
        for (FamilyMatch match : Families.recognise(new LinkedHashMap<>(tensors))) {
            match.family()
                    .original()
                    .forEach((ours, theirs) -> own.forEach(module -> addOriginal(module, ours, theirs)));
        }
        modules.forEach((name, module) -> flattened
                .computeIfAbsent(name.replace('.', '_'), _ -> new TreeSet<>())
                .add(module));
    }

    /// What a module is called in its model's own repository; a name that the model has itself means what it
    /// says.
    private void addOriginal(String module, String ending, String original) {
        if (module.equals(ending) || module.endsWith("." + ending)) {
            modules.putIfAbsent(module.substring(0, module.length() - ending.length()) + original, module);
        }
    }

    /// The names of a model.
    ///
    /// @param tensors its state dict
    public static ModelNames of(Map<String, Shape> tensors) {
        return new ModelNames(tensors);
    }

    /// The names of a model that has been opened.
    public static ModelNames of(Checkpoint model) {
        return new ModelNames(model.shapes());
    }

    /// The names of the modules that an adapter changes, as those of a model; of their sizes nothing is known.
    public static ModelNames of(AdapterContent adapter) {
        Map<String, Shape> names = new HashMap<>();
        adapter.modules().keySet().forEach(name -> {
            names.put(name + ".weight", Shape.of());
            names.put(name + ".bias", Shape.of());
        });
        return new ModelNames(names);
    }

    /// The module that a name means, under the model's own name or its repository's.
    Optional<String> find(String name) {
        return Optional.ofNullable(modules.get(name));
    }

    /// The modules whose names become this one when their dots become underscores; more than one where two
    /// names collide.
    Set<String> unflatten(String name) {
        return flattened.getOrDefault(name, Set.of());
    }

    /// The tensor that a module's weight is: `MODULE.weight`, or a parameter that has the name itself.
    Optional<String> weight(String module) {
        return List.of(module + ".weight", module).stream()
                .filter(tensors::containsKey)
                .findFirst();
    }

    /// The tensor that a module's bias is.
    Optional<String> bias(String module) {
        return Optional.of(module + ".bias").filter(tensors::containsKey);
    }

    /// The sizes of a tensor.
    Shape shape(String tensor) {
        return java.util.Objects.requireNonNull(tensors.get(tensor), tensor);
    }
}
