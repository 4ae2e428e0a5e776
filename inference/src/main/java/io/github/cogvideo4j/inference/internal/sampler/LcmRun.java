package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// The sampler of latent consistency models: the denoised sample, with new noise for the next step. It makes
/// sense with a model or an adapter that was distilled for it.
///
/// Source: Luo et al., "Latent Consistency Models" (arXiv 2310.04378), algorithm 1; diffusers' `LCMScheduler`.
/// The timesteps are those of the distillation, whatever the spacing.
final class LcmRun extends ProductRun {
    /// The variance of the data that the boundary condition was made for, `0.5^2`.
    private static final double DATA_VARIANCE = 0.25;

    LcmRun(SamplerSetup setup) {
        super(setup, setup.first(), distilled(setup));
    }

    private static long[] distilled(SamplerSetup setup) {
        int all = setup.solver().distilledSteps();
        if (setup.steps() > all) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "inference.sampler.lcm-steps", setup.steps(), all);
        }
        long stride = Math.max(1, setup.config().numTrainTimesteps() / all);
        double step = all / (double) setup.steps();
        long[] timesteps = new long[setup.steps()];
        Arrays.setAll(timesteps, i -> (all - (long) Math.floor(i * step)) * stride - 1);
        return timesteps;
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor sample, RandomSource random) {
        Tensor alpha = setup().table().at(at(call()));
        Tensor denoised = clipped(
                denoised(prediction, sample, alpha.sqrt(), oneMinus(alpha).sqrt()));
        Tensor scaled = NoiseTable.scalar(timestep(call()))
                .mul(new Scalar(setup().solver().timestepScaling()));
        Tensor spread = scaled.pow(new Scalar(2)).add(new Scalar(DATA_VARIANCE));
        Tensor ofSample = spread.reciprocal().mul(new Scalar(DATA_VARIANCE));
        Tensor ofDenoised = scaled.div(root(spread));
        Tensor consistent = ofDenoised.mul(denoised).add(ofSample.mul(sample));
        if (call() + 1 == calls()) {
            return new SamplerStep(consistent, consistent);
        }
        Tensor target = setup().table().at(at(call() + 1));
        Tensor noise = random.normalLike(consistent);
        return new SamplerStep(
                target.sqrt().mul(consistent).add(oneMinus(target).sqrt().mul(noise)), consistent);
    }
}
