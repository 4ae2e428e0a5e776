package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// Heun's method: a step of Euler's, then the same step again with the mean of the slopes at both its ends. Two
/// calls of the model a step, one for the last.
///
/// Source: Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models" (arXiv
/// 2206.00364), algorithm 1; diffusers' `HeunDiscreteScheduler`.
final class HeunRun extends SigmaSpaceRun {
    private final History slopeBefore = history(1);
    private final History sampleBefore = history(1);

    HeunRun(SamplerSetup setup) {
        this(setup, SigmaSchedule.inSigmaSpace(setup));
    }

    private HeunRun(SamplerSetup setup, SigmaSchedule schedule) {
        super(setup, 2 * setup.first(), doubled(schedule.timesteps()), doubled(schedule.sigmas()));
    }

    /// All but the first twice.
    private static double[] doubled(double... timesteps) {
        double[] doubled = new double[2 * timesteps.length - 1];
        for (int i = 0; i < doubled.length; i++) {
            doubled[i] = timesteps[(i + 1) / 2];
        }
        return doubled;
    }

    /// All but the first and the last twice.
    private static float[] doubled(float... sigmas) {
        float[] doubled = new float[2 * sigmas.length - 2];
        for (int i = 0; i < doubled.length; i++) {
            doubled[i] = sigmas[(i + 1) / 2];
        }
        return doubled;
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor sample, RandomSource random) {
        Tensor sigma = sigma(call());
        Tensor denoised = clipped(denoised(prediction, sample, sigma));
        Tensor slope = sample.sub(denoised).div(sigma);
        if (call() % 2 == 0) {
            slopeBefore.add(slope);
            sampleBefore.add(sample);
            return new SamplerStep(sample.add(slope.mul(sigma(call() + 1).sub(sigma))), denoised);
        }
        Tensor mean = slopeBefore.get(0).add(slope).div(new Scalar(2));
        Tensor width = sigma.sub(sigma(call() - 1));
        return new SamplerStep(sampleBefore.get(0).add(mean.mul(width)), denoised);
    }
}
