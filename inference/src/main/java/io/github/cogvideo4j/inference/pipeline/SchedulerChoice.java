package io.github.cogvideo4j.inference.pipeline;

/// Which scheduler steps from noise to video.
public enum SchedulerChoice {
    /// The one that the model's folder names.
    MODEL,
    /// DDIM, recommended for the 2B model.
    DDIM,
    /// DPM-Solver++, recommended for the 5B models, with dynamic guidance.
    DPM
}
