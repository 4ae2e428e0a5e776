package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.checkpoints.job.Activity;
import java.util.Locale;

/// The stages of a generation, in order: what its job does. Counted are steps, and pieces of encoding and decoding.
public enum Stage implements Activity {
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
    @Override
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public Unit unit() {
        return Unit.PIECES;
    }
}
