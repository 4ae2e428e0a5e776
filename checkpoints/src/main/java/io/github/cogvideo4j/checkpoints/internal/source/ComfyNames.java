package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.source.Checkpoint;

/// What ComfyUI calls a CogVideoX transformer's tensors in a checkpoint file: diffusers' names, each after
/// `model.diffusion_model.`.
///
/// Source: ComfyUI's `supported_models_base.py`, `process_unet_state_dict_for_saving`.
public final class ComfyNames {
    /// The file of such a result. ComfyUI takes it under any name.
    public static final String FILE = "model.safetensors";

    private static final String PREFIX = "model.diffusion_model.";

    private ComfyNames() {}

    /// A checkpoint with diffusers' names under ComfyUI's.
    public static Checkpoint of(Checkpoint checkpoint) {
        return checkpoint.withEntries(checkpoint.entries().stream()
                .map(entry -> entry.withName(PREFIX + entry.name()))
                .toList());
    }

    /// The same backwards; names that are not ComfyUI's stay.
    public static Checkpoint toDiffusers(Checkpoint checkpoint) {
        return checkpoint.withEntries(checkpoint.entries().stream()
                .map(entry -> entry.name().startsWith(PREFIX)
                        ? entry.withName(entry.name().substring(PREFIX.length()))
                        : entry)
                .toList());
    }
}
