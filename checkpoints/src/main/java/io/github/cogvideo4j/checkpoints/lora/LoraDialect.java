package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialect;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;

/// A spelling in which adapters can be written.
public enum LoraDialect {
    /// `pytorch_lora_weights.safetensors`, with alpha in its header.
    DIFFUSERS(Dialects.DIFFUSERS),
    /// PEFT's folder: `adapter_model.safetensors` and `adapter_config.json`.
    PEFT(Dialects.PEFT),
    /// kohya's names, dots as underscores, an alpha beside each pair.
    KOHYA(Dialects.KOHYA),
    /// ComfyUI's `diffusion_model.` names, an alpha beside each pair.
    COMFYUI(Dialects.COMFYUI);

    private final Dialect.Writable dialect;

    LoraDialect(Dialect.Writable dialect) {
        this.dialect = dialect;
    }

    Dialect.Writable dialect() {
        return dialect;
    }

    /// The word of the command line.
    @Override
    public String toString() {
        return dialect.id();
    }
}
