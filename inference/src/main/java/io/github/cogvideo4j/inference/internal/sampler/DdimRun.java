package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.Denoised;
import org.bytedeco.pytorch.Tensor;

/// DDIM without noise between the steps.
///
/// Source: Song et al., "Denoising Diffusion Implicit Models" (arXiv 2010.02502), equation 12; diffusers'
/// `DDIMScheduler`.
final class DdimRun extends ProductRun {
    DdimRun(SamplerSetup setup) {
        super(setup, setup.first(), setup.timesteps());
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor sample, RandomSource random) {
        Tensor alpha = setup().table().at(at(call()));
        Tensor target = product(at(call()) - setup().stride());
        Tensor signal = root(alpha);
        Tensor noise = root(oneMinus(alpha));
        Tensor denoised = clipped(denoised(prediction, sample, signal, noise));
        Tensor direction =
                root(oneMinus(target)).mul(Denoised.noise(setup().predictionType(), prediction, sample, signal, noise));
        return new SamplerStep(root(target).mul(denoised).add(direction), denoised);
    }
}
