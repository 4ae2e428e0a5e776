package io.github.cogvideo4j.inference.pipeline;

/// What a generation is doing.
public enum Stage {
    /// Opening the model's components.
    LOAD,
    /// Encoding the prompts.
    ENCODE_PROMPT,
    /// Encoding the input image or video.
    ENCODE_INPUT,
    /// Denoising, step by step.
    DENOISE,
    /// Decoding the latents to frames.
    DECODE
}
