package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// DDPM: a step to the mean of the posterior, then noise of its variance.
///
/// Source: Ho et al., "Denoising Diffusion Probabilistic Models" (arXiv 2006.11239), equation 7; diffusers'
/// `DDPMScheduler`.
final class DdpmRun extends ProductRun {
    private static final double LEAST_VARIANCE = 1e-20;

    DdpmRun(SamplerSetup setup) {
        super(setup, setup.first(), setup.timesteps());
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor sample, RandomSource random) {
        long timestep = at(call());
        boolean last = call() + 1 == calls();
        Tensor alpha = setup().table().at(timestep);
        Tensor target = last ? NoiseTable.scalar(1) : setup().table().at(at(call() + 1));
        Tensor beta = oneMinus(alpha);
        Tensor betaOfTarget = oneMinus(target);
        Tensor kept = alpha.div(target);
        Tensor removed = oneMinus(kept);
        Tensor denoised = clipped(denoised(prediction, sample, root(alpha), root(beta)));
        Tensor ofDenoised = root(target).mul(removed).div(beta);
        Tensor ofSample = root(kept).mul(betaOfTarget).div(beta);
        Tensor mean = ofDenoised.mul(denoised).add(ofSample.mul(sample));
        if (timestep == 0) {
            return new SamplerStep(mean, denoised);
        }
        // Drawn at the last step too, where its deviation is 1e-10.
        Tensor noise = random.normalLike(prediction);
        Tensor variance = setup().solver().largeVariance()
                ? removed
                : betaOfTarget.div(beta).mul(removed).clamp_min(new Scalar(LEAST_VARIANCE));
        return new SamplerStep(mean.add(root(variance).mul(noise)), denoised);
    }
}
