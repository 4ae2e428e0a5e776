package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.Denoised;
import org.bytedeco.pytorch.Tensor;

/// DDIM backwards: from a video's latents to the noise that gives them.
///
/// Source: diffusers' `DDIMInverseScheduler`. It has no shift of the signal-to-noise ratio and computes its
/// table in fp32, whatever the model's own scheduler does.
final class InverseDdimRun extends ProductRun {
    InverseDdimRun(SamplerSetup setup) {
        super(setup, setup.first(), ascending(CogVideoXDdimRun.spaced(setup)));
    }

    private static long[] ascending(long... descending) {
        long[] ascending = new long[descending.length];
        for (int index = 0; index < ascending.length; index++) {
            ascending[index] = descending[descending.length - 1 - index];
        }
        return ascending;
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor sample, RandomSource random) {
        long source = Math.min(at(call()) - setup().stride(), setup().config().numTrainTimesteps() - 1L);
        Tensor alpha = product(source);
        Tensor target = CogVideoXDdimRun.product(setup(), at(call()));
        Tensor signal = root(alpha);
        Tensor noise = root(oneMinus(alpha));
        Tensor denoised = denoised(prediction, sample, signal, noise);
        Tensor direction =
                root(oneMinus(target)).mul(Denoised.noise(setup().predictionType(), prediction, sample, signal, noise));
        Tensor clipped = clipped(denoised);
        return new SamplerStep(root(target).mul(clipped).add(direction), clipped);
    }
}
