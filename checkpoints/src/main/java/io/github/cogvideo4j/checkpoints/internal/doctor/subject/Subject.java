package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What is examined, read once: a pipeline, a transformer's folder, a checkpoint, a file.
///
/// @param path        what was asked for
/// @param kind        what it is
/// @param model       the pipeline's index
/// @param transformer the transformer's folder, when there is one
/// @param loose       weights at the top of a pipeline, where nobody looks for them
/// @param elsewhere   folders one level up or down with a transformer's weights, where its own has none
/// @param others      the pipeline's other components
/// @param checkpoint  the checkpoint, or the plain weights, when they could be opened
/// @param adapters    LoRA files
/// @param problems    why something could not be opened
public record Subject(
        Path path,
        Kind kind,
        Optional<ModelFolder> model,
        Optional<ComponentFolder> transformer,
        Optional<ComponentFolder> loose,
        List<ComponentFolder> elsewhere,
        List<Component> others,
        Optional<Checkpoint> checkpoint,
        List<Adapter> adapters,
        List<Problem> problems) {
    /// What a path can be.
    public enum Kind {
        /// A model's folder, with a folder for each component.
        PIPELINE,
        /// The folder of a transformer.
        TRANSFORMER,
        /// Training state, or weights without a configuration.
        CHECKPOINT,
        /// A LoRA.
        ADAPTER,
        /// None of these.
        NOTHING
    }

    /// A component beside the transformer.
    ///
    /// @param name     its name in `model_index.json`
    /// @param folder   its folder
    /// @param exists   whether the folder is there
    /// @param config   whether it has a configuration of a component with weights
    /// @param weights  its weights, when they could be opened
    /// @param problems why they could not
    public record Component(
            String name,
            Path folder,
            boolean exists,
            boolean config,
            Optional<Checkpoint> weights,
            List<Problem> problems) {}

    /// A LoRA file.
    ///
    /// @param file  the file
    /// @param rank  the rank of its matrices
    /// @param alpha whether it says by how much it is to be scaled
    /// @param empty whether its matrices have no elements
    public record Adapter(Path file, long rank, boolean alpha, boolean empty) {}

    /// Copies the lists.
    public Subject {
        elsewhere = List.copyOf(elsewhere);
        others = List.copyOf(others);
        adapters = List.copyOf(adapters);
        problems = List.copyOf(problems);
    }

    /// The folders of its components that are there.
    public List<Path> componentFolders() {
        return Stream.concat(
                        transformer.stream().map(ComponentFolder::folder),
                        others.stream().filter(Component::exists).map(Component::folder))
                .toList();
    }

    /// Reads headers, configurations and indexes.
    public static Subject read(Path path) throws IOException {
        return new SubjectReader(path).read();
    }

    /// The name of the index that diffusers looks for beside shards.
    public static String indexName(String extension, Optional<String> variant) {
        return new WeightFileName(WeightFileName.DIFFUSERS_STEM, variant, Optional.empty(), extension, true).expected();
    }
}
