package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The contents of one set of tensors: a checkpoint, a component of a pipeline, a single file.
///
/// @param name          what distinguishes it where a path holds several: a component's or a file's name
/// @param kind          what it is: `DeepSpeed ZeRO`, `plain weights`, `safetensors`, `torch ZIP`
/// @param path          the folder or file
/// @param files         the files that hold it, with their sizes in bytes
/// @param tensors       its tensors, in its order
/// @param training      what it says about the training
/// @param configuration how the training was configured
/// @param metadata      the texts in the headers of its safetensors files
/// @param warnings       what is worth saying of it
public record Contents(
        String name,
        String kind,
        Path path,
        SequencedMap<Path, Long> files,
        List<ListedTensor> tensors,
        TrainingState training,
        Optional<TrainingConfiguration> configuration,
        SequencedMap<String, String> metadata,
        List<Problem> warnings) {
    /// Copies the collections.
    public Contents {
        files = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(files));
        tensors = List.copyOf(tensors);
        metadata = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(metadata));
        warnings = List.copyOf(warnings);
    }

    /// A checkpoint that has been opened.
    public static Contents of(
            String name,
            Checkpoint checkpoint,
            Optional<TrainingConfiguration> configuration,
            Map<String, String> metadata) {
        SequencedMap<Path, Long> files = new LinkedHashMap<>();
        checkpoint.files().forEach((file, identity) -> files.put(file, identity.size()));
        return new Contents(
                name,
                checkpoint.kind().title(),
                checkpoint.folder(),
                files,
                checkpoint.entries().stream().map(ListedTensor::of).toList(),
                checkpoint.training(),
                configuration,
                new LinkedHashMap<>(metadata),
                checkpoint.warnings());
    }

    /// A tensor found in a file or a checkpoint.
    ///
    /// @param tensor where and what it is
    /// @param role   what it was to the trainer, where the checkpoint says so
    public record ListedTensor(StoredTensor tensor, Optional<Role> role) {
        /// A tensor of a state dict.
        public static ListedTensor of(StateEntry entry) {
            return new ListedTensor(entry.tensor(), Optional.of(entry.role()));
        }

        /// A tensor without further details.
        public static ListedTensor of(StoredTensor tensor) {
            return new ListedTensor(tensor, Optional.empty());
        }

        /// Its key.
        public String name() {
            return tensor.name();
        }

        /// Whether its elements count as parameters: buffers do not, and tied weights count once.
        public boolean isParameter() {
            return role.filter(part -> part == Role.BUFFER || part == Role.ALIAS)
                    .isEmpty();
        }
    }
}
