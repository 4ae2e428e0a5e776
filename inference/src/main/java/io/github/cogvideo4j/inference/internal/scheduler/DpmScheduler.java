package io.github.cogvideo4j.inference.internal.scheduler;

import static io.github.cogvideo4j.inference.internal.scheduler.NoiseTable.oneMinus;
import static io.github.cogvideo4j.inference.internal.scheduler.NoiseTable.root;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// A stochastic DPM-Solver++ of second order. Recommended for CogVideoX-5b and 1.5, with dynamic guidance.
///
/// Source: diffusers' `CogVideoXDPMScheduler`. At the ends of the table the logarithms are infinite, and the
/// result relies on what IEEE arithmetic makes of that.
public final class DpmScheduler extends DenoisingScheduler {
    /// The class that model folders name.
    public static final String CLASS_NAME = "CogVideoXDPMScheduler";

    /// A scheduler of this configuration.
    public DpmScheduler(SchedulerConfig config) {
        super(config);
    }

    @Override
    Tensor next(Transition from, StepPosition at, Tensor sample, RandomSource random) {
        Tensor lambda = lambda(from.alpha());
        Tensor stride = lambda(from.alphaTarget()).sub(lambda);
        Tensor kept = root(oneMinus(from.alphaTarget()).div(from.beta()))
                .mul(stride.neg().exp());
        Tensor removed = stride.mul(new Scalar(-2)).expm1().mul(root(from.alphaTarget()));
        Tensor noisy = root(oneMinus(from.alphaTarget()))
                .mul(root(oneMinus(stride.mul(new Scalar(-2)).exp())));

        // The reference draws before it knows whether it will draw again; the numbers that follow depend
        // on it.
        Tensor noise = random.normalLike(sample);
        Tensor direction = from.denoised();
        if (at.previousPrediction().isPresent() && !from.last()) {
            direction = extrapolated(at, from.denoised(), lambda, stride);
            noise = random.normalLike(sample);
        }
        return kept.mul(sample).sub(removed.mul(direction)).add(noisy.mul(noise));
    }

    /// The denoised sample carried on along its change since the step before.
    private Tensor extrapolated(StepPosition at, Tensor denoised, Tensor lambda, Tensor stride) {
        Tensor before = lambda(table().at(at.previousTimestep().orElseThrow()));
        Tensor ratio = lambda.sub(before).div(stride);
        Tensor share = ratio.mul(new Scalar(2)).reciprocal();
        Tensor previous = at.previousPrediction().orElseThrow();
        return share.add(new Scalar(1)).mul(denoised).sub(share.mul(previous));
    }

    /// Half the logarithm of the signal-to-noise ratio.
    private static Tensor lambda(Tensor alpha) {
        return root(alpha.div(oneMinus(alpha))).log();
    }
}
