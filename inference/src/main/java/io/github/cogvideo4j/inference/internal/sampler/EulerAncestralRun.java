package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Euler's method that goes below the next sigma and comes back to it with new noise.
///
/// Source: `sample_euler_ancestral` of k-diffusion; diffusers' `EulerAncestralDiscreteScheduler`. Noise is drawn
/// at every step, the last too, where it counts nothing.
final class EulerAncestralRun extends SigmaSpaceRun {
    EulerAncestralRun(SamplerSetup setup) {
        this(setup, SigmaSchedule.inSigmaSpace(setup));
    }

    private EulerAncestralRun(SamplerSetup setup, SigmaSchedule schedule) {
        super(setup, setup.first(), schedule.timesteps(), schedule.sigmas());
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor given, RandomSource random) {
        Tensor sample = given.to(ScalarType.Float);
        Tensor sigma = sigma(call());
        Tensor target = sigma(call() + 1);
        Tensor denoised = denoised(prediction, sample, sigma);
        Tensor up = NoiseTable.root(
                squared(target).mul(squared(sigma).sub(squared(target))).div(squared(sigma)));
        Tensor down = NoiseTable.root(squared(target).sub(squared(up)));
        Tensor slope = sample.sub(denoised).div(sigma);
        Tensor moved = sample.add(slope.mul(down.sub(sigma)));
        Tensor noise = random.normalLike(prediction);
        return new SamplerStep(moved.add(noise.mul(up)), denoised);
    }

    private static Tensor squared(Tensor x) {
        return x.pow(new Scalar(2));
    }
}
