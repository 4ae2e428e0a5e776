package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterSettings;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/// Where an adapter comes from: a file in any dialect, or the state of a training.
///
/// @param content the adapter
/// @param model   the names of the model that it was trained in, where the state holds that too
public record AdapterSource(AdapterContent content, Map<String, Shape> model) {
    private static final String BASE = ".base_layer.";

    /// Copies the map.
    public AdapterSource {
        model = Map.copyOf(model);
    }

    /// Opens an adapter's file: the path itself, a folder's, a run's newest. Where there is no file, the state
    /// of a training will do.
    ///
    /// @throws InvalidCheckpointException `not-weights` when there is neither
    public static AdapterSource open(Path path, SourceOptions options) throws IOException {
        requireExisting(path);
        Optional<AdapterLocation> found = AdapterLocation.find(path);
        if (found.isPresent()) {
            return ofFile(found.get());
        }
        Optional<AdapterSource> state = state(path, options);
        return state.orElseThrow(() -> new InvalidCheckpointException(
                Problem.of(ProblemCode.NOT_WEIGHTS, Place.of(path), "checkpoints.lora.no-file", WeightFileName.ADAPTER)
                        .with(new Remedy.ExportAdapter(path))));
    }

    /// Opens an adapter as [#open] does, or its state where the trainer left nothing in its own file: under ZeRO-3
    /// CogVideo's trainer writes empty matrices into it.
    public static AdapterSource openWhole(Path path, SourceOptions options) throws IOException {
        try {
            return open(path, options);
        } catch (InvalidCheckpointException e) {
            if (e.problem().code() != ProblemCode.NOT_WEIGHTS || !Files.isDirectory(path)) {
                throw e;
            }
            Optional<AdapterSource> state = state(path, options);
            return state.orElseThrow(() -> e);
        }
    }

    /// Opens the most exact copy of an adapter: the fp32 masters of a training's state go before the file that
    /// the trainer saved beside it. Where only the file knows the alpha, the state gets it from there.
    ///
    /// @throws InvalidCheckpointException `not-weights` when there is no adapter inside
    public static AdapterSource openMasters(Path path, SourceOptions options) throws IOException {
        requireExisting(path);
        Optional<AdapterLocation> file = AdapterLocation.find(path);
        if (!Files.isDirectory(path) && file.isPresent() && AdapterLocation.isAdapter(path)) {
            return ofFile(file.get());
        }
        Checkpoint checkpoint;
        try {
            checkpoint = Checkpoints.open(path, options);
        } catch (InvalidCheckpointException e) {
            if (e.problem().code() == ProblemCode.NOT_A_CHECKPOINT && Files.isDirectory(path) && file.isPresent()) {
                return ofFile(file.get());
            }
            throw e;
        }
        Optional<AdapterLocation> beside =
                Files.isDirectory(checkpoint.folder()) ? besideState(path, checkpoint) : Optional.empty();
        return among(checkpoint, path, beside);
    }

    private static Optional<AdapterLocation> besideState(Path path, Checkpoint checkpoint) throws IOException {
        // The state lies in a folder of the checkpoint, or is it.
        Path folder = checkpoint.folder();
        Path parent = folder.resolveSibling("");
        Optional<AdapterLocation> found = AdapterLocation.find(folder);
        boolean inside = parent.toAbsolutePath()
                .normalize()
                .startsWith(path.toAbsolutePath().normalize());
        return found.isPresent() || !inside ? found : AdapterLocation.find(parent);
    }

    private static void requireExisting(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
    }

    private static AdapterSource ofFile(AdapterLocation location) throws IOException {
        return new AdapterSource(AdapterReader.read(location.file()).withWarnings(location.warnings()), Map.of());
    }

    private static Optional<AdapterSource> state(Path path, SourceOptions options) throws IOException {
        Checkpoint checkpoint;
        try {
            checkpoint = Checkpoints.open(path, options);
        } catch (InvalidCheckpointException e) {
            if (e.problem().code() == ProblemCode.NOT_A_CHECKPOINT) {
                return Optional.empty();
            }
            throw e;
        }
        return Optional.of(among(checkpoint, path, Optional.empty()));
    }

    private static AdapterSource among(Checkpoint checkpoint, Path path, Optional<AdapterLocation> beside)
            throws IOException {
        List<StoredTensor> factors = new ArrayList<>();
        Map<String, Shape> model = new LinkedHashMap<>();
        for (StateEntry entry : checkpoint.entries()) {
            String name = entry.name();
            if (name.contains(BASE)) {
                model.put(name.replace(BASE, "."), entry.tensor().shape());
            } else if (Dialects.read(name).isPresent()) {
                factors.add(entry.tensor());
            } else {
                model.put(name, entry.tensor().shape());
            }
        }
        if (factors.stream().noneMatch(AdapterSource::isFactor)) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS,
                    Place.of(path),
                    "checkpoints.lora.none-in-state",
                    checkpoint.entries().size());
        }
        AdapterSettings settings = AdapterSettings.NONE;
        if (beside.isPresent()) {
            settings = AdapterReader.settings(beside.get().file());
        }
        AdapterContent content = AdapterReader.among(checkpoint.folder(), factors, settings, checkpoint.files());
        AdapterContent told = content.withWarnings(checkpoint.warnings());
        return new AdapterSource(beside.isPresent() ? withAlphasOf(beside.get(), told) : told, model);
    }

    /// Whether a tensor of a state is part of an adapter, and not only called as a part may be.
    public static boolean isFactor(StoredTensor tensor) {
        return Dialects.read(tensor.name())
                .filter(reading -> reading.key().part() != AdapterPart.ALPHA)
                .isPresent();
    }

    /// Alphas that stand beside the factors in the file. An unusable file gives none.
    private static AdapterContent withAlphasOf(AdapterLocation file, AdapterContent state) throws IOException {
        if (state.recordsAlpha()) {
            return state;
        }
        AdapterContent saved;
        try {
            saved = AdapterReader.read(file.file());
        } catch (InvalidCheckpointException | FormatException unreadable) {
            return state;
        }
        SequencedMap<String, AdaptedModule> modules = new LinkedHashMap<>();
        state.modules().forEach((name, module) -> {
            AdaptedModule other = saved.modules().get(name);
            OptionalDouble alpha = other == null || module.alpha().isPresent() ? module.alpha() : other.alpha();
            modules.put(
                    name,
                    new AdaptedModule(
                            name,
                            module.flattened(),
                            module.weight(),
                            module.bias(),
                            module.rank(),
                            alpha,
                            module.rankStabilized()));
        });
        return state.withModules(modules);
    }
}
