package io.github.cogvideo4j.inference.internal.scheduler;

/// Guidance that grows as the noise shrinks.
///
/// Source: `use_dynamic_cfg` of diffusers' CogVideoX pipelines, whose formula takes the training timestep
/// where the step's number would be expected: the numbers are the reference's all the same.
public final class DynamicGuidance {
    private DynamicGuidance() {}

    /// `1 + g (1 - cos(pi ((n - t) / n)^5)) / 2`.
    ///
    /// @param scale    the guidance scale `g`
    /// @param steps    the number of steps `n`
    /// @param timestep the training timestep `t`
    public static double at(double scale, int steps, double timestep) {
        double progress = (steps - timestep) / steps;
        return 1 + scale * ((1 - Math.cos(Math.PI * Math.pow(progress, 5.0))) / 2);
    }
}
