package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialect;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;

/// A spelling in which adapters can be written.
public enum LoraDialect {
    /// `pytorch_lora_weights.safetensors`, with alpha in its header.
    DIFFUSERS,
    /// PEFT's folder: `adapter_model.safetensors` and `adapter_config.json`.
    PEFT,
    /// kohya's names, dots as underscores, an alpha beside each pair.
    KOHYA,
    /// ComfyUI's `diffusion_model.` names, an alpha beside each pair.
    COMFYUI;

    /// The spelling for a component's adapter, which only diffusers tells from another's.
    Dialect.Writable dialect(String component) {
        return switch (this) {
            case DIFFUSERS -> Dialects.diffusers(component);
            case PEFT -> Dialects.PEFT;
            case KOHYA -> Dialects.KOHYA;
            case COMFYUI -> Dialects.COMFYUI;
        };
    }

    /// The word of the command line.
    @Override
    public String toString() {
        return dialect("").id();
    }
}
