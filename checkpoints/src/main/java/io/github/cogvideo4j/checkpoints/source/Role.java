package io.github.cogvideo4j.checkpoints.source;

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
