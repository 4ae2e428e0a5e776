package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.SigmaLevel;
import org.bytedeco.pytorch.Tensor;

/// A run of a multistep solver on sigmas, for samples of variance 1.
abstract class MultistepRun extends SolverRun {
    /// Below it the last steps have a lower order.
    private static final int FEW_STEPS = 15;

    private final float[] sigmas;

    MultistepRun(SamplerSetup setup, SigmaSchedule schedule) {
        super(setup, setup.first(), schedule.timesteps());
        this.sigmas = schedule.sigmas();
    }

    /// The level of a call, or where the last step ends.
    SigmaLevel level(int index) {
        return SigmaLevel.of(sigmas[index]);
    }

    /// How many steps are left, this one included.
    int left() {
        return calls() - call();
    }

    /// Whether the order is lowered towards the end: with few steps it makes them steadier.
    boolean lowersOrder() {
        return setup().solver().lowerOrderFinal() && calls() < FEW_STEPS;
    }

    @Override
    Tensor noisy(Tensor sample, Tensor noise) {
        // The type of the sample before the roots are taken, and a tensor of as many dimensions: both as in
        // the reference, where they decide the rounding.
        Tensor sigma = NoiseTable.scalar(sigmas[call()])
                .to(sample.device(), sample.scalar_type().intern())
                .reshape(1, 1, 1, 1, 1);
        SigmaLevel level = SigmaLevel.of(sigma);
        return level.signal().mul(sample).add(level.noise().mul(noise));
    }
}
