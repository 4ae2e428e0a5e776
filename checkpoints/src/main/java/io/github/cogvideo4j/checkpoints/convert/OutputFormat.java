package io.github.cogvideo4j.checkpoints.convert;

import java.util.Locale;

/// The containers that weights are written in.
public enum OutputFormat {
    /// `.safetensors`, what diffusers looks for first.
    SAFETENSORS,
    /// `.bin`, as `torch.save` writes it.
    BIN,
    /// Both, of the same tensors.
    BOTH;

    /// Whether `.safetensors` files are written.
    public boolean safetensors() {
        return this != BIN;
    }

    /// Whether `.bin` files are written.
    public boolean bin() {
        return this != SAFETENSORS;
    }

    /// The word of the command line and the manifest.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
