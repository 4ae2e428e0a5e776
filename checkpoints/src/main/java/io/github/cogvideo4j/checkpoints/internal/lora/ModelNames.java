package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The names of a model's modules and tensors, against which an adapter's names are matched. An adapter's name
/// is never taken apart to guess what it means.
public final class ModelNames {
    private final Map<String, Shape> tensors;
    private final Set<String> modules = new HashSet<>();
    private final Map<String, Set<String>> flattened = new HashMap<>();

    private ModelNames(Map<String, Shape> tensors) {
        this.tensors = Map.copyOf(tensors);
        for (String tensor : tensors.keySet()) {
            int dot = tensor.lastIndexOf('.');
            modules.add(tensor);
            modules.add(dot > 0 ? tensor.substring(0, dot) : tensor);
        }
        modules.forEach(module -> flattened
                .computeIfAbsent(module.replace('.', '_'), _ -> new HashSet<>())
                .add(module));
    }

    /// The names of a model.
    ///
    /// @param tensors its state dict
    public static ModelNames of(Map<String, Shape> tensors) {
        return new ModelNames(tensors);
    }

    /// The names of a model that has been opened.
    public static ModelNames of(Checkpoint model) {
        Map<String, Shape> shapes = new HashMap<>();
        model.entries().forEach(entry -> shapes.put(entry.name(), entry.tensor().shape()));
        return new ModelNames(shapes);
    }

    /// Whether there is a module of this name.
    boolean contains(String module) {
        return modules.contains(module);
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
