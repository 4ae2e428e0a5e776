package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// A stochastic DPM-Solver++ of second order. Recommended for CogVideoX-5b and 1.5, with dynamic guidance.
///
/// Source: diffusers' `CogVideoXDPMScheduler`. At the ends of the table the logarithms are infinite, and the
/// result relies on what IEEE arithmetic makes of that.
final class CogVideoXDpmRun extends ProductRun {
    private final History denoisedBefore = history(1);

    CogVideoXDpmRun(SamplerSetup setup) {
        super(setup, setup.first(), CogVideoXDdimRun.spaced(setup));
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor sample, RandomSource random) {
        long targetTimestep = at(call()) - setup().stride();
        Tensor alpha = CogVideoXDdimRun.product(setup(), at(call()));
        Tensor target = product(targetTimestep);
        Tensor beta = oneMinus(alpha);
        Tensor denoised = denoised(prediction, sample, root(alpha), root(beta));

        Tensor lambda = lambda(alpha);
        Tensor stride = lambda(target).sub(lambda);
        Tensor kept = root(oneMinus(target).div(beta)).mul(stride.neg().exp());
        Tensor removed = stride.mul(new Scalar(-2)).expm1().mul(root(target));
        Tensor noisy = root(oneMinus(target))
                .mul(root(oneMinus(stride.mul(new Scalar(-2)).exp())));

        // The reference draws before it knows whether it will draw again; the numbers that follow depend
        // on it.
        Tensor noise = random.normalLike(sample);
        Tensor direction = denoised;
        if (denoisedBefore.size() > 0 && targetTimestep >= 0) {
            direction = extrapolated(denoised, lambda, stride);
            noise = random.normalLike(sample);
        }
        denoisedBefore.add(denoised);
        return new SamplerStep(kept.mul(sample).sub(removed.mul(direction)).add(noisy.mul(noise)), denoised);
    }

    /// The denoised sample carried on along its change since the step before.
    private Tensor extrapolated(Tensor denoised, Tensor lambda, Tensor stride) {
        Tensor before = lambda(CogVideoXDdimRun.product(setup(), at(call() - 1)));
        Tensor ratio = lambda.sub(before).div(stride);
        Tensor share = ratio.mul(new Scalar(2)).reciprocal();
        return share.add(new Scalar(1)).mul(denoised).sub(share.mul(denoisedBefore.get(0)));
    }

    /// Half the logarithm of the signal-to-noise ratio.
    private static Tensor lambda(Tensor alpha) {
        return root(alpha.div(oneMinus(alpha))).log();
    }
}
