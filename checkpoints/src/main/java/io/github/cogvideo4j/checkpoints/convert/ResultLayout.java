package io.github.cogvideo4j.checkpoints.convert;

/// Whose names and folders the result has.
public enum ResultLayout {
    /// A folder that diffusers loads.
    DIFFUSERS,
    /// A checkpoint that SAT loads.
    SAT
}
