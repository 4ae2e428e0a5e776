package io.github.cogvideo4j.inference.pipeline;

/// How the scheduler spreads its steps over the timesteps that the model was trained with.
public enum SpacingChoice {
    /// As the model's folder says.
    MODEL,
    /// From the last timestep down; what CogVideo's scripts force.
    TRAILING,
    /// From 0 up in whole strides.
    LEADING,
    /// Evenly between both ends.
    LINSPACE
}
