package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.Timesteps;
import org.bytedeco.pytorch.Tensor;

/// DDIM as CogVideoX has it, without noise between the steps. Recommended for CogVideoX-2b.
///
/// Source: diffusers' `CogVideoXDDIMScheduler`. The order of the operands is part of the result: a scalar
/// tensor on the left of a bf16 sample is rounded to bf16 first.
final class CogVideoXDdimRun extends ProductRun {
    CogVideoXDdimRun(SamplerSetup setup) {
        super(setup, setup.first(), spaced(setup));
    }

    /// With some counts there is one more, at timestep -1: so it is in the reference, whose videos depend on it.
    static long[] spaced(SamplerSetup setup) {
        return Timesteps.descending(setup.config(), setup.steps());
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor sample, RandomSource random) {
        Tensor alpha = product(setup(), at(call()));
        Tensor target = product(at(call()) - setup().stride());
        Tensor beta = oneMinus(alpha);
        Tensor denoised = denoised(prediction, sample, root(alpha), root(beta));
        Tensor kept = root(oneMinus(target).div(beta));
        Tensor added = root(target).sub(root(alpha).mul(kept));
        return new SamplerStep(kept.mul(sample).add(added.mul(denoised)), denoised);
    }

    /// The product of a timestep that is visited: -1 is the noisiest, as it is to the reference, which indexes a
    /// list with it.
    static Tensor product(SamplerSetup setup, long timestep) {
        return setup.table().at(timestep);
    }
}
