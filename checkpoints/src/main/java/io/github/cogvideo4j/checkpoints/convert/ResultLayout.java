package io.github.cogvideo4j.checkpoints.convert;

import java.util.Locale;

/// Whose names and folders the result has.
public enum ResultLayout {
    /// A folder that diffusers loads.
    DIFFUSERS,
    /// A checkpoint that SAT loads.
    SAT;

    /// The word of the command line.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
