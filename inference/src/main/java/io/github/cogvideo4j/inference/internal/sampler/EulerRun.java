package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Euler's method on the probability flow.
///
/// Source: Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models" (arXiv
/// 2206.00364), algorithm 2 without churn; diffusers' `EulerDiscreteScheduler`.
final class EulerRun extends SigmaSpaceRun {
    EulerRun(SamplerSetup setup) {
        this(setup, SigmaSchedule.inSigmaSpace(setup));
    }

    private EulerRun(SamplerSetup setup, SigmaSchedule schedule) {
        super(setup, setup.first(), schedule.timesteps(), schedule.sigmas());
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor given, RandomSource random) {
        Tensor sample = given.to(ScalarType.Float);
        Tensor sigma = sigma(call());
        Tensor denoised = denoised(prediction, sample, sigma);
        Tensor slope = sample.sub(denoised).div(sigma);
        return new SamplerStep(sample.add(slope.mul(sigma(call() + 1).sub(sigma))), denoised);
    }
}
