package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.SigmaLevel;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import org.bytedeco.pytorch.Tensor;

/// A run of a sampler that keeps the signal as it is and lets the noise be as large as sigma.
abstract class SigmaSpaceRun extends SolverRun {
    private final float[] sigmas;

    SigmaSpaceRun(SamplerSetup setup, int begin, double[] timesteps, float... sigmas) {
        super(setup, begin, timesteps);
        this.sigmas = sigmas.clone();
    }

    /// The sigma of a call, or where the last step ends.
    Tensor sigma(int index) {
        return NoiseTable.scalar(sigmas[index]);
    }

    @Override
    public Tensor start(Tensor noise) {
        float largest = 0;
        for (float sigma : sigmas) {
            largest = Math.max(largest, sigma);
        }
        Tensor sigma = NoiseTable.scalar(largest);
        // Leading timesteps do not begin at the noisiest: there the signal's own variance counts.
        boolean leading = setup().config().timestepSpacing() == TimestepSpacing.LEADING;
        return noise.mul(leading ? SigmaLevel.width(sigma) : sigma);
    }

    @Override
    public Tensor scaled(Tensor sample) {
        return sample.div(SigmaLevel.width(sigma(call())));
    }

    @Override
    Tensor noisy(Tensor sample, Tensor noise) {
        Tensor sigma =
                sigma(call()).to(sample.device(), sample.scalar_type().intern()).reshape(1, 1, 1, 1, 1);
        return sample.add(noise.mul(sigma));
    }

    /// The sample without its noise.
    Tensor denoised(Tensor prediction, Tensor sample, Tensor sigma) {
        return switch (setup().predictionType()) {
            case EPSILON -> sample.sub(sigma.mul(prediction));
            case SAMPLE -> prediction;
            case V_PREDICTION ->
                prediction.mul(sigma.neg().div(SigmaLevel.width(sigma))).add(sample.div(SigmaLevel.variance(sigma)));
        };
    }
}
