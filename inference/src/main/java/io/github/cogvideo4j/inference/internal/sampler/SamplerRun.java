package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import org.bytedeco.pytorch.Tensor;

/// One pass of a sampler over one generation: it knows which call of the model comes next, and keeps what later
/// calls need of earlier ones. It is used once, from its first call to its last; closing it frees what it keeps.
///
/// All tensors are `[batch, frames, channels, height, width]`.
public interface SamplerRun extends AutoCloseable {
    /// The diffusion timestep of each call of the model, in order. Mostly one call is a step; Heun and PNDM
    /// take several. Karras sigmas lie between whole timesteps.
    double[] timesteps();

    /// The sample before the first call, from noise alone.
    Tensor start(Tensor noise);

    /// The sample before the first call, from a sample with noise added: how a run begins in the middle.
    Tensor start(Tensor sample, Tensor noise);

    /// The sample as the model is shown it at the next call.
    Tensor scaled(Tensor sample);

    /// Makes the next call's step.
    ///
    /// @param prediction what the model predicts, fp32
    /// @param sample     the sample before the call, unscaled
    /// @param random     where noise comes from
    SamplerStep step(Tensor prediction, Tensor sample, RandomSource random);

    @Override
    void close();

    /// The result of a step.
    ///
    /// @param sample   the sample after it, in the type of the computation and not yet cast back
    /// @param denoised the clean sample that the step estimates
    record SamplerStep(Tensor sample, Tensor denoised) {}
}
