package io.github.cogvideo4j.inference.generation;

import java.util.Locale;

/// The stages of a generation, in order.
public enum Stage {
    /// Opening the model's components.
    LOAD,
    /// Encoding the prompts.
    ENCODE_PROMPT,
    /// Encoding the input image or video.
    ENCODE_INPUT,
    /// Going from a video's latents back to the noise that gives them, step by step.
    INVERT,
    /// Denoising, step by step.
    DENOISE,
    /// Decoding the latents to frames.
    DECODE;

    /// The stage's name in JSON: `encode-prompt`, `denoise`, ...
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
