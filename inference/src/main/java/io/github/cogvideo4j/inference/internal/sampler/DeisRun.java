package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.NumpyLog;
import io.github.cogvideo4j.inference.internal.scheduler.SigmaLevel;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// DEIS of first, second or third order: the noise interpolated over the logarithm of sigma, then integrated.
///
/// Source: Zhang and Chen, "Fast Sampling of Diffusion Models with Exponential Integrator" (arXiv 2204.13902),
/// the log-rho form; diffusers' `DEISMultistepScheduler`. Its last step ends at the smallest sigma, about 0.03.
final class DeisRun extends MultistepRun {
    private final History noiseBefore;
    private int done;

    DeisRun(SamplerSetup setup) {
        super(setup, SigmaSchedule.toSmallest(setup));
        this.noiseBefore = history(setup.solver().order());
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor sample, RandomSource random) {
        SigmaLevel now = level(call());
        SigmaLevel target = level(call() + 1);
        Tensor denoised = denoised(prediction, sample, now.signal(), now.noise());
        noiseBefore.add(sample.sub(now.signal().mul(denoised)).div(now.noise()));
        Tensor moved = switch (order()) {
            case 1 -> first(sample, now, target);
            case 2 -> second(sample, now, target);
            default -> third(sample, now, target);
        };
        done++;
        return new SamplerStep(moved, denoised);
    }

    private int order() {
        int most = lowersOrder()
                ? Math.min(left(), setup().solver().order())
                : setup().solver().order();
        return Math.min(most, done + 1);
    }

    private Tensor first(Tensor sample, SigmaLevel now, SigmaLevel target) {
        Tensor stride = target.lambda().sub(now.lambda());
        Tensor removed = target.noise().mul(stride.exp().sub(new Scalar(1)));
        return target.signal().div(now.signal()).mul(sample).sub(removed.mul(noiseBefore.get(0)));
    }

    private Tensor second(Tensor sample, SigmaLevel now, SigmaLevel target) {
        float to = rho(target);
        float r0 = rho(now);
        float r1 = rho(level(call() - 1));
        float c0 = integral(to, r0, r1) - integral(r0, r0, r1);
        float c1 = integral(to, r1, r0) - integral(r0, r1, r0);
        return target.signal().mul(sample.div(now.signal()).add(weighted(c0, 0)).add(weighted(c1, 1)));
    }

    private Tensor third(Tensor sample, SigmaLevel now, SigmaLevel target) {
        float to = rho(target);
        float r0 = rho(now);
        float r1 = rho(level(call() - 1));
        float r2 = rho(level(call() - 2));
        float c0 = integral(to, r0, r1, r2) - integral(r0, r0, r1, r2);
        float c1 = integral(to, r1, r2, r0) - integral(r0, r1, r2, r0);
        float c2 = integral(to, r2, r0, r1) - integral(r0, r2, r0, r1);
        return target.signal()
                .mul(sample.div(now.signal())
                        .add(weighted(c0, 0))
                        .add(weighted(c1, 1))
                        .add(weighted(c2, 2)));
    }

    private Tensor weighted(float coefficient, int age) {
        return NoiseTable.scalar(coefficient).mul(noiseBefore.get(age));
    }

    private static float rho(SigmaLevel level) {
        return level.noise().div(level.signal()).item_float();
    }

    /// The integral up to `t` of the line through 1 at `b` and 0 at `c`, over the logarithm.
    private static float integral(float t, float b, float c) {
        return t * (-log(c) + log(t) - 1) / (log(b) - log(c));
    }

    /// The integral up to `t` of the parabola through 1 at `b` and 0 at `c` and `d`, over the logarithm.
    private static float integral(float t, float b, float c, float d) {
        float above =
                t * (log(c) * (log(d) - log(t) + 1) - log(d) * log(t) + log(d) + log(t) * log(t) - 2 * log(t) + 2);
        return above / ((log(b) - log(c)) * (log(b) - log(d)));
    }

    private static float log(float x) {
        return NumpyLog.of(x);
    }
}
