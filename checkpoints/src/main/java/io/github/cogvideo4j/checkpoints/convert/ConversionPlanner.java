package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ResultLayout;
import io.github.cogvideo4j.checkpoints.convert.WeightFile.PlannedTensor;
import io.github.cogvideo4j.checkpoints.internal.convert.configuration.ComponentConfigs;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.placement.BaseTables;
import io.github.cogvideo4j.checkpoints.internal.placement.ComponentPlacement;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.internal.source.ComfyNames;
import io.github.cogvideo4j.checkpoints.internal.source.NamingScheme;
import io.github.cogvideo4j.checkpoints.internal.source.NamingSchemes;
import io.github.cogvideo4j.checkpoints.internal.table.ModelTable;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// The planner of a conversion, which decides what is written: dtypes, shards, names, indexes, the configuration.
public final class ConversionPlanner {
    /// The index that the field's guides ask to keep beside the weights; diffusers itself ignores it.
    public static final String KEPT_INDEX = "model.safetensors.index.json";

    private final Path output;
    private final Optional<BaseModel> base;
    private final ConversionOptions options;
    private final Warnings warnings = new Warnings();
    private final List<ConversionPlan.PlannedPart> parts = new ArrayList<>();
    private final List<PlannedTensor> tensors = new ArrayList<>();
    private final List<WeightFile> weightFiles = new ArrayList<>();
    private final SequencedMap<String, String> smallFiles = new LinkedHashMap<>();
    private Optional<TargetDType> mainDType = Optional.empty();

    private ConversionPlanner(Path output, Optional<BaseModel> base, ConversionOptions options) {
        this.output = output;
        this.base = base;
        this.options = options;
    }

    /// Plans a conversion.
    ///
    /// @param checkpoint the source
    /// @param output     the folder to make
    /// @param base       the model that supplies the other components
    /// @param options    what the result should be like
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException when the weights do not fit the
    /// configuration, or the output may not be written
    public static ConversionPlan plan(
            Checkpoint checkpoint, Path output, Optional<BaseModel> base, ConversionOptions options)
            throws IOException {
        return plan(checkpoint, List.of(), output, base, options);
    }

    /// Plans a conversion of several components at once.
    ///
    /// @param checkpoint the source that counts as the main one
    /// @param companions sources of other components of the same model
    /// @param output     the folder to make
    /// @param base       the model that supplies the remaining components
    /// @param options    what the result should be like
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException when the weights do not fit the
    /// configuration, two sources are of the same component, or the output may not be written
    public static ConversionPlan plan(
            Checkpoint checkpoint,
            List<Checkpoint> companions,
            Path output,
            Optional<BaseModel> base,
            ConversionOptions options)
            throws IOException {
        List<Checkpoint> sources = new ArrayList<>(companions);
        sources.addFirst(checkpoint);
        for (Checkpoint source : sources) {
            OutputPlace.check(source, base, output, options.overwrite());
        }
        return new ConversionPlanner(output, base, options).plan(sources);
    }

    private ConversionPlan plan(List<Checkpoint> sources) throws IOException {
        sources.forEach(source -> source.warnings().forEach(warnings::report));
        Optional<BaseModel> rest = base;
        Optional<NamingScheme> names = options.layout().kind().map(NamingSchemes::of);
        if (names.isPresent()) {
            for (Checkpoint source : sources) {
                addExport(names.get().export(source));
            }
            rest = Optional.empty();
        } else if (sources.getFirst().traits().adapter()) {
            addAdapter(sources.getFirst());
            rest = Optional.empty();
        } else if (options.layout() == ResultLayout.COMFYUI) {
            addComfyFile(components(sources));
            rest = Optional.empty();
        } else {
            List<PlacedComponent> components = components(sources);
            for (PlacedComponent component : components) {
                addComponent(component);
            }
            ComponentConfigs configurations = new ComponentConfigs(components, base, options.claims(), warnings);
            smallFiles.putAll(configurations.decide());
            List<Component> made =
                    components.stream().map(PlacedComponent::component).toList();
            rest = base.map(model -> model.without(made).withoutFiles(smallFiles.keySet()));
        }
        return new ConversionPlan(
                sources.getFirst(),
                output,
                mainDType.orElse(TargetDType.BF16),
                options,
                rest,
                parts,
                tensors,
                weightFiles,
                smallFiles,
                warnings.all());
    }

    private List<PlacedComponent> components(List<Checkpoint> sources) throws IOException {
        Optional<BaseTables> tables = base.map(BaseTables::new);
        SequencedMap<Component, PlacedComponent> components = new LinkedHashMap<>();
        for (Checkpoint source : sources) {
            AdapterRefusal.refuseAdapters(source);
            // What is said is said of the main source.
            Optional<Component> said = components.isEmpty() ? options.component() : Optional.empty();
            for (PlacedComponent placed : ComponentPlacement.of(source, tables, said, options.unchecked(), warnings)) {
                if (components.putIfAbsent(placed.component(), placed) != null) {
                    throw new InvalidCheckpointException(
                            ProblemCode.AMBIGUOUS_WEIGHTS,
                            Place.of(source.folder()),
                            "checkpoints.convert.two-of-a-component",
                            placed.component().folder());
                }
            }
        }
        return List.copyOf(components.values());
    }

    private void addComponent(PlacedComponent placed) throws IOException {
        Component component = placed.component();
        Checkpoint source = placed.checkpoint();
        Optional<DType> ofBase = base.isPresent() ? base.get().weightDType(component) : Optional.empty();
        // The components that are not trained keep their dtype.
        boolean keep = component.equals(Component.VAE)
                || component.transformers()
                || source.traits().keepsDType();
        TargetDType otherwise = keep ? TargetDType.SOURCE : TargetDType.BF16;
        List<PlannedTensor> planned = planned(
                source, component.folder(), ofBase.flatMap(TargetDType::of).orElse(otherwise), placed.table());
        ComponentFiles files = new ComponentFiles(component, options, warnings);
        weightFiles.addAll(files.plan(planned, output));
        smallFiles.putAll(files.indexes());
        parts.add(new ConversionPlan.PlannedPart(component.folder(), source, Optional.of(placed.names())));
    }

    private void addAdapter(Checkpoint source) {
        List<PlannedTensor> planned = planned(source, "", TargetDType.SOURCE, Optional.empty());
        weightFiles.add(WeightFile.Safetensors.of(WeightFileName.ADAPTER, planned));
        parts.add(new ConversionPlan.PlannedPart(WeightFileName.ADAPTER, source));
        warnings.report(NamingSchemes.of(source.kind()).unrecorded(source));
    }

    /// ComfyUI's loaders of other families take the names of the models' own repositories.
    private void addComfyFile(List<PlacedComponent> components) throws IOException {
        PlacedComponent placed = components.getFirst();
        boolean cogVideoX = placed.family()
                .filter(family -> family.classes().contains(TransformerConfig.CLASS_NAME))
                .isPresent();
        if (components.size() > 1 || !cogVideoX) {
            throw new InvalidCheckpointException(
                    ProblemCode.WRONG_COMPONENT,
                    Place.of(placed.checkpoint().folder()),
                    "checkpoints.convert.comfyui-other",
                    placed.component().folder(),
                    placed.names().models());
        }
        // Holds the weights against the base's configuration, or against what can be derived from them.
        new ComponentConfigs(components, base, options.claims(), warnings).decide();
        Checkpoint source = ComfyNames.of(placed.checkpoint());
        boolean keep = !source.kind().isTraining() || source.traits().keepsDType();
        weightFiles.add(WeightFile.Safetensors.of(
                ComfyNames.FILE, planned(source, "", keep ? TargetDType.SOURCE : TargetDType.BF16, Optional.empty())));
        parts.add(new ConversionPlan.PlannedPart(ComfyNames.FILE, source));
    }

    private void addExport(NamingScheme.Export export) {
        String folder = export.path().substring(0, Math.max(0, export.path().lastIndexOf('/')));
        weightFiles.add(WeightFile.TorchContainer.of(
                export.path(),
                planned(export.checkpoint(), folder, TargetDType.SOURCE, Optional.empty()),
                Optional.of(export.key())));
        smallFiles.putAll(export.smallFiles());
        parts.add(new ConversionPlan.PlannedPart(export.path(), export.checkpoint()));
    }

    /// Each tensor in the dtype that was asked for, or in the one that its table has it in: some models keep
    /// a few modules in fp32, which nothing but their files shows.
    private List<PlannedTensor> planned(
            Checkpoint source, String folder, TargetDType otherwise, Optional<ModelTable> table) {
        TargetDType dtype = options.dtype().orElse(otherwise);
        if (mainDType.isEmpty()) {
            mainDType = Optional.of(dtype);
        }
        List<PlannedTensor> planned = source.entries().stream()
                .map(entry -> new PlannedTensor(
                        folder,
                        entry,
                        table.filter(_ -> options.dtype().isEmpty())
                                .flatMap(known -> known.dtype(entry.name()))
                                .flatMap(TargetDType::of)
                                .orElse(dtype)
                                .of(entry)))
                .toList();
        tensors.addAll(planned);
        return planned;
    }
}
