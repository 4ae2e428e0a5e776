package io.github.cogvideo4j.inference.options;

/// Which scheduler steps from noise to video, where it is not the one that the model's folder names.
public enum SchedulerChoice {
    /// DDIM, recommended for the 2B model.
    DDIM,
    /// DPM-Solver++, recommended for the 5B models, with dynamic guidance.
    DPM
}
