package io.github.cogvideo4j.checkpoints.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.TreeMap;

/// A checkpoint that has been understood: its state dict as descriptions, and nothing read but headers and
/// pickles.
///
/// @param kind     what it is
/// @param folder   the folder (or file) that was taken, which may lie below the path that was asked for
/// @param asked    the path that was asked for: a run, a checkpoint's folder, a file
/// @param options  how it was chosen
/// @param entries  the state dict, in the order in which the merge emits it
/// @param training what it says about the training
/// @param files    every file that holds some of it, with its identity when it was planned
/// @param warnings what is worth saying but stops nothing
/// @param traits   what its kind means for those who use it
/// @param adapters the LoRA adapters that are fused into it, in order
/// @param merge    what it was merged of, where it was
public record Checkpoint(
        CheckpointKind kind,
        Path folder,
        Path asked,
        SourceOptions options,
        List<StateEntry> entries,
        TrainingState training,
        Map<Path, FileIdentity> files,
        List<Problem> warnings,
        Traits traits,
        List<FusedAdapter> adapters,
        Optional<Manifest.Merge> merge) {
    /// A checkpoint without traits of its own, and into which no adapters are fused.
    public Checkpoint(
            CheckpointKind kind,
            Path folder,
            SourceOptions options,
            List<StateEntry> entries,
            TrainingState training,
            Map<Path, FileIdentity> files,
            List<Problem> warnings) {
        this(kind, folder, options, entries, training, files, warnings, Traits.NONE, List.of());
    }

    /// A checkpoint that was asked for by its own folder.
    public Checkpoint(
            CheckpointKind kind,
            Path folder,
            SourceOptions options,
            List<StateEntry> entries,
            TrainingState training,
            Map<Path, FileIdentity> files,
            List<Problem> warnings,
            Traits traits,
            List<FusedAdapter> adapters) {
        this(kind, folder, folder, options, entries, training, files, warnings, traits, adapters, Optional.empty());
    }

    /// Copies the collections.
    public Checkpoint {
        entries = List.copyOf(entries);
        files = new TreeMap<>(files);
        warnings = List.copyOf(warnings);
        adapters = List.copyOf(adapters);
    }

    /// The same with more to say, which comes first.
    public Checkpoint withWarnings(List<Problem> more) {
        List<Problem> all = new ArrayList<>(more);
        all.addAll(warnings);
        return new Checkpoint(kind, folder, asked, options, entries, training, files, all, traits, adapters, merge);
    }

    /// The same with another state dict.
    public Checkpoint withEntries(List<StateEntry> others) {
        return new Checkpoint(kind, folder, asked, options, others, training, files, warnings, traits, adapters, merge);
    }

    /// The same, found in what was asked for.
    public Checkpoint in(Path path) {
        return new Checkpoint(kind, folder, path, options, entries, training, files, warnings, traits, adapters, merge);
    }

    /// The same with more known of its training.
    public Checkpoint withTraining(TrainingState known) {
        return new Checkpoint(kind, folder, asked, options, entries, known, files, warnings, traits, adapters, merge);
    }

    /// Names and shapes, in the order of the entries.
    public SequencedMap<String, Shape> shapes() {
        SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
        entries.forEach(entry -> shapes.put(entry.name(), entry.tensor().shape()));
        return shapes;
    }

    /// The component that its weights are of, by names that no other has.
    public Optional<Component> component() {
        return Families.recognise(shapes()).stream()
                .map(match -> Component.named(match.family().component()))
                .findFirst();
    }

    /// This checkpoint, when its weights are not of another component than the one that is expected.
    ///
    /// @throws InvalidCheckpointException `wrong-component` naming what it is instead
    public Checkpoint require(Component expected) {
        Optional<Component> found = component();
        if (found.filter(component -> !component.equals(expected)).isPresent()) {
            throw new InvalidCheckpointException(
                    ProblemCode.WRONG_COMPONENT,
                    Place.of(folder),
                    "checkpoints.convert.not-that-component",
                    found.get().folder(),
                    expected.folder());
        }
        return this;
    }

    /// Whatever a checkpoint's kind means for those who use it, so that they need not know kinds.
    ///
    /// @param settings   keys of the model's configuration that the checkpoint has besides its tensors' sizes
    /// @param keepsDType whether its tensors are written in the dtype that they have, unless another is asked
    ///                   for
    /// @param adapter    whether it is an adapter, which has no configuration and becomes one file
    /// @param translated whether its trainer has other names for the same tensors: the names here are
    ///                   diffusers' without exception, and the same files may hold other components
    public record Traits(Map<String, Boolean> settings, boolean keepsDType, boolean adapter, boolean translated) {
        /// A checkpoint of which its tensors say all.
        public static final Traits NONE = new Traits(Map.of(), false, false, false);

        /// Copies the map.
        public Traits {
            settings = Map.copyOf(settings);
        }
    }

    /// A LoRA adapter that is part of a checkpoint's weights.
    ///
    /// @param file   its weight file
    /// @param layers how many weights it changes
    /// @param rank   the largest rank of them
    /// @param scale  how strongly it was applied; 1 as trained
    /// @param alpha  an alpha that was given, which went before what the adapter records
    /// @param factor what the product of its first layer was multiplied by
    public record FusedAdapter(Path file, int layers, int rank, double scale, OptionalDouble alpha, double factor) {}
}
