package io.github.cogvideo4j.checkpoints.source;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;

/// One entry of a state dict: where its elements are, and what it was to the trainer.
///
/// @param tensor the elements
/// @param role   its part in training
public record StateEntry(StoredTensor tensor, Role role) {
    /// The dtype it has after the merge that `zero_to_fp32` does: buffers become fp32, all else keeps what is
    /// stored (fp32 for trained parameters, the training dtype for frozen ones).
    public DType mergedDType() {
        return role == Role.BUFFER ? DType.F32 : tensor.dtype();
    }

    /// Its key.
    public String name() {
        return tensor.name();
    }

    /// The same entry under another key.
    public StateEntry withName(String name) {
        return new StateEntry(tensor.withName(name), role);
    }

    /// What a state dict's entry was to the trainer. The merge treats them differently.
    public enum Role {
        /// Trained: its fp32 master copy is in the optimizer's files.
        PARAMETER,
        /// A persistent buffer of the module; the merge casts it to fp32.
        BUFFER,
        /// A parameter that was not trained; it keeps the training dtype.
        FROZEN,
        /// Another name of a parameter (tied weights).
        ALIAS
    }
}
