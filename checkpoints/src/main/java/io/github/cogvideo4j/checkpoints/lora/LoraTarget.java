package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterContent;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterNames;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.internal.lora.ModelNames;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter.LoraBinding;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The component of a model that adapters are for.
///
/// @param component the component's folder in the pipeline; empty where the model is a component by itself
/// @param weights   its weights
public record LoraTarget(Optional<String> component, Checkpoint weights) {
    /// A model that an adapter is for.
    ///
    /// @param folder    a pipeline's folder, or a component's
    /// @param component the component that is wanted, where it is said
    public record Model(Path folder, Optional<String> component) {}

    /// An adapter under the names of the model that it is for.
    ///
    /// @param source  the adapter
    /// @param base    the model, where one is named
    /// @param warnings takes what was bound
    static AdapterContent named(AdapterSource source, Optional<Model> base, Warnings warnings) throws IOException {
        if (base.isEmpty()) {
            return AdapterNames.resolve(source, Optional.empty(), warnings);
        }
        LoraTarget target = choose(
                base.get().folder(),
                List.of(new LoraAdapter(source.content())),
                base.get().component());
        AdapterContent adapter = AdapterNames.resolve(source, Optional.of(ModelNames.of(target.weights())), warnings);
        return target.component().map(adapter::forComponent).orElse(adapter);
    }

    /// Chooses the component in which all modules of all adapters are found.
    ///
    /// @param model     a pipeline's folder, or a component's
    /// @param adapters  the adapters
    /// @param component the component that is wanted, where it is said
    /// @throws InvalidCheckpointException `ambiguous-weights` when several have them all (Wan 2.2's experts) and
    ///     none is named, `component-missing` when there is none of the name
    public static LoraTarget choose(Path model, List<LoraAdapter> adapters, Optional<String> component)
            throws IOException {
        List<String> there = Dialects.components().stream()
                .filter(name -> Files.isDirectory(model.resolve(name)))
                .toList();
        if (component.isPresent()) {
            if (!there.contains(component.get())) {
                throw new InvalidCheckpointException(
                        ProblemCode.COMPONENT_MISSING,
                        Place.of(model),
                        "checkpoints.lora.no-component",
                        component.get(),
                        there);
            }
            return open(model, component.get());
        }
        if (there.isEmpty()) {
            return new LoraTarget(Optional.empty(), weights(model));
        }
        return there.size() == 1 ? open(model, there.getFirst()) : best(model, adapters, there);
    }

    /// The one that fits; where none does, the closest one, so that the error can say what it lacks.
    private static LoraTarget best(Path model, List<LoraAdapter> adapters, List<String> components) throws IOException {
        List<LoraTarget> whole = new ArrayList<>();
        Optional<LoraTarget> nearest = Optional.empty();
        int most = -1;
        for (String name : components) {
            LoraTarget target = open(model, name);
            int bound = 0;
            int modules = 0;
            for (LoraAdapter adapter : adapters) {
                LoraBinding binding = adapter.bind(target.weights());
                bound += binding.bound();
                modules += binding.modules();
            }
            if (bound == modules) {
                whole.add(target);
            }
            if (bound > most) {
                most = bound;
                nearest = Optional.of(target);
            }
        }
        if (whole.size() > 1) {
            List<String> names = whole.stream()
                    .flatMap(target -> target.component().stream())
                    .toList();
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.AMBIGUOUS_WEIGHTS,
                            Place.of(model),
                            "checkpoints.lora.several-components",
                            names)
                    .with(names.stream()
                            .map(name -> Remedy.change(Remedy.Field.COMPONENT, name))
                            .toArray(Remedy[]::new)));
        }
        return whole.isEmpty() ? nearest.orElseThrow() : whole.getFirst();
    }

    private static LoraTarget open(Path model, String component) throws IOException {
        return new LoraTarget(Optional.of(component), weights(model.resolve(component)));
    }

    /// A model's weights, unless they were quantized: nothing can be added to such.
    private static Checkpoint weights(Path model) throws IOException {
        Path config = model.resolve("config.json");
        Optional<String> quantization =
                Files.isRegularFile(config) ? ConfigDocument.read(config).quantization() : Optional.empty();
        if (quantization.isPresent()) {
            throw new InvalidCheckpointException(
                    ProblemCode.OTHER_FORMAT,
                    Place.of(model),
                    "checkpoints.placement.quantized-base",
                    String.valueOf(model.getFileName()),
                    quantization.get());
        }
        return Checkpoints.open(model, SourceOptions.defaults());
    }
}
