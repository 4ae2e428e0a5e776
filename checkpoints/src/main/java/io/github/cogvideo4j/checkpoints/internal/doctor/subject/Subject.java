package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The subject of an examination, read once: a pipeline, a component's folder, a checkpoint, a file.
///
/// @param path       what was asked for
/// @param kind       what it is
/// @param model      the pipeline's index
/// @param parts      the components with weights whose folders are there
/// @param absent     folders of components that the index lists, and that are not there
/// @param small      folders of components without weights: scheduler, tokenizers
/// @param loose      weights at the top of a pipeline, where no loader looks for them
/// @param elsewhere  folders one level up or down with weights of the component that has none
/// @param checkpoint the checkpoint, or the plain weights, when they could be opened
/// @param adapters   LoRA files
/// @param problems   why something could not be opened
public record Subject(
        Path path,
        Kind kind,
        Optional<ModelFolder> model,
        List<Part> parts,
        List<Path> absent,
        List<Path> small,
        Optional<ComponentFolder> loose,
        List<ComponentFolder> elsewhere,
        Optional<Checkpoint> checkpoint,
        List<Adapter> adapters,
        List<Problem> problems) {
    /// What a path can be.
    public enum Kind {
        /// A model's folder, with a folder for each component.
        PIPELINE,
        /// The folder of a component.
        COMPONENT,
        /// Training state, or weights without a configuration.
        CHECKPOINT,
        /// A LoRA.
        ADAPTER,
        /// None of these.
        NOTHING
    }

    /// A LoRA file.
    ///
    /// @param file  the file
    /// @param rank  the rank of its matrices
    /// @param alpha whether it says by how much it is to be scaled
    /// @param empty whether its matrices have no elements
    public record Adapter(Path file, long rank, boolean alpha, boolean empty) {}

    /// Copies the lists.
    public Subject {
        parts = List.copyOf(parts);
        absent = List.copyOf(absent);
        small = List.copyOf(small);
        elsewhere = List.copyOf(elsewhere);
        adapters = List.copyOf(adapters);
        problems = List.copyOf(problems);
    }

    /// The folders of its components that are there.
    public List<Path> componentFolders() {
        return Stream.concat(parts.stream().map(Part::folder), small.stream()).toList();
    }

    /// The sets of weights in the components' folders.
    public List<WeightGroup> groups() {
        return parts.stream().flatMap(part -> part.files().groups().stream()).toList();
    }

    /// The components that a training run makes, and that have no weights.
    public List<Part> bare() {
        return parts.stream()
                .filter(part -> part.trained() && part.files().groups().isEmpty())
                .toList();
    }

    /// The component that misplaced weights belong to, when there is exactly one.
    public Optional<Part> home(WeightGroup group) {
        List<Part> homes = bare().stream().filter(part -> part.mayOwn(group)).toList();
        return homes.size() == 1 ? Optional.of(homes.getFirst()) : Optional.empty();
    }

    /// Reads headers, configurations and indexes.
    public static Subject read(Path path) throws IOException {
        return new SubjectReader(path).read();
    }
}
