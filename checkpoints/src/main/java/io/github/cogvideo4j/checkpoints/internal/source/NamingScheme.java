package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.formats.problem.Problem;
import java.util.Collection;
import java.util.SequencedMap;

/// A trainer's own names for a model's tensors, which are not those of diffusers with something before them, and
/// the files that this trainer loads.
public interface NamingScheme {
    /// The kind of a checkpoint with such names.
    CheckpointKind kind();

    /// Whether the keys of a state dict follow this scheme.
    boolean recognises(Collection<String> names);

    /// Whether a file of this name holds such a state dict, in a folder that has no other sign of one.
    boolean isStandalone(String fileName);

    /// The main part of a checkpoint under diffusers' names.
    ///
    /// @param raw a checkpoint whose keys follow the scheme
    /// @throws InvalidCheckpointException `missing-tensor`, `extra-tensor` or `shape-mismatch` when the tensors
    ///     are not those of a model that the scheme has names for
    Checkpoint toDiffusers(Checkpoint raw);

    /// One component of such a checkpoint under diffusers' names.
    ///
    /// @throws InvalidCheckpointException `missing-tensor` when the checkpoint does not have it, and as
    ///     [#toDiffusers(Checkpoint)]
    Checkpoint toDiffusers(Checkpoint raw, Component component);

    /// What an adapter of the trainer does not record, and who loads it has to know.
    ///
    /// @param adapter the adapter under diffusers' names
    Problem unrecorded(Checkpoint adapter);

    /// What the trainer loads for a checkpoint with diffusers' names.
    ///
    /// @throws InvalidCheckpointException `not-a-checkpoint` when the scheme has no names for such a model;
    ///     `extra-tensor`, `missing-tensor` or `shape-mismatch` when it has none for single tensors
    Export export(Checkpoint checkpoint);

    /// Whether [#export(Checkpoint)] gives a weight file this path.
    boolean writes(String path);

    /// A state dict in the trainer's own form.
    ///
    /// @param checkpoint the tensors under the trainer's names
    /// @param path       where its weight file belongs, below the folder of the result
    /// @param key        the key in that file that holds the state dict
    /// @param smallFiles text files by path below the folder of the result
    record Export(Checkpoint checkpoint, String path, String key, SequencedMap<String, String> smallFiles) {}
}
