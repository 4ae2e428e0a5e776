package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.SigmaLevel;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// DPM-Solver++ of first, second or third order, with or without noise between the steps.
///
/// Source: Lu et al., "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models" (arXiv
/// 2211.01095), algorithm 2 (2M) and appendix (SDE); diffusers' `DPMSolverMultistepScheduler`. The stochastic
/// form draws at every step, the last too, where the noise counts nothing.
final class DpmRun extends MultistepRun {
    private final History denoisedBefore;
    private int done;

    DpmRun(SamplerSetup setup) {
        super(setup, SigmaSchedule.toZero(setup));
        this.denoisedBefore = history(setup.solver().order());
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor given, RandomSource random) {
        SigmaLevel now = level(call());
        Tensor denoised = denoised(prediction, given, now.signal(), now.noise());
        denoisedBefore.add(denoised);
        Tensor sample = given.to(ScalarType.Float);
        SigmaLevel target = level(call() + 1);
        Coefficients of = new Coefficients(target, target.lambda().sub(now.lambda()));
        boolean stochastic = setup().solver().stochastic();
        Tensor kept = target.noise().div(now.noise());
        Tensor moved = stochastic
                ? kept.mul(of.stride().neg().exp())
                        .mul(sample)
                        .add(of.first(true).mul(denoised))
                : kept.mul(sample).sub(of.first(false).mul(denoised));
        Tensor noise = stochastic ? random.normalLike(prediction.to(ScalarType.Float)) : denoised;
        moved = switch (order()) {
            case 1 -> moved;
            case 2 -> second(moved, of, now, stochastic);
            default -> third(moved, of, now, stochastic);
        };
        done++;
        return new SamplerStep(stochastic ? moved.add(of.spread().mul(noise)) : moved, denoised);
    }

    private int order() {
        boolean toZero = !setup().solver().endsAtSmallest();
        boolean firstOrderLast = setup().solver().eulerAtFinal() || lowersOrder() || toZero;
        int most = setup().solver().order();
        if (left() == 1 && firstOrderLast) {
            most = 1;
        } else if (left() == 2 && lowersOrder()) {
            most = Math.min(most, 2);
        }
        return Math.min(most, done + 1);
    }

    private Tensor second(Tensor moved, Coefficients of, SigmaLevel now, boolean stochastic) {
        Tensor ratio = now.lambda().sub(level(call() - 1).lambda()).div(of.stride());
        Tensor change = ratio.reciprocal().mul(denoisedBefore.get(0).sub(denoisedBefore.get(1)));
        if (setup().solver().type().equals("heun")) {
            return moved.add(of.second(stochastic).mul(change));
        }
        Tensor half = of.first(stochastic).mul(new Scalar(0.5)).mul(change);
        return stochastic ? moved.add(half) : moved.sub(half);
    }

    private Tensor third(Tensor moved, Coefficients of, SigmaLevel now, boolean stochastic) {
        SigmaLevel before = level(call() - 1);
        Tensor r0 = now.lambda().sub(before.lambda()).div(of.stride());
        Tensor r1 = before.lambda().sub(level(call() - 2).lambda()).div(of.stride());
        Tensor d0 = r0.reciprocal().mul(denoisedBefore.get(0).sub(denoisedBefore.get(1)));
        Tensor d1 = r1.reciprocal().mul(denoisedBefore.get(1).sub(denoisedBefore.get(2)));
        Tensor both = r0.add(r1);
        Tensor change = d0.add(r0.div(both).mul(d0.sub(d1)));
        Tensor bend = both.reciprocal().mul(d0.sub(d1));
        Tensor changed = moved.add(of.second(stochastic).mul(change));
        Tensor bent = of.third(stochastic).mul(bend);
        return stochastic ? changed.add(bent) : changed.sub(bent);
    }

    /// The weights of the denoised sample and of its differences.
    ///
    /// @param target where the step leads to
    /// @param stride the step in `lambda`
    private record Coefficients(SigmaLevel target, Tensor stride) {
        /// Of the denoised sample itself; the deterministic one is subtracted.
        Tensor first(boolean stochastic) {
            return target.signal().mul(stochastic ? ProductRun.oneMinus(decayTwice()) : decay().sub(new Scalar(1)));
        }

        /// Of its change.
        Tensor second(boolean stochastic) {
            Tensor share = stochastic
                    ? ProductRun.oneMinus(decayTwice()).div(stride.mul(new Scalar(-2)))
                    : decay().sub(new Scalar(1)).div(stride);
            return target.signal().mul(share.add(new Scalar(1)));
        }

        /// Of the change of the change; the deterministic one is subtracted.
        Tensor third(boolean stochastic) {
            Tensor share = stochastic
                    ? ProductRun.oneMinus(decayTwice())
                            .sub(stride.mul(new Scalar(2)))
                            .div(stride.mul(new Scalar(2)).pow(new Scalar(2)))
                    : decay().sub(new Scalar(1)).add(stride).div(stride.pow(new Scalar(2)));
            return target.signal().mul(share.sub(new Scalar(0.5)));
        }

        /// Of new noise.
        Tensor spread() {
            return target.noise().mul(ProductRun.oneMinus(decayTwice()).sqrt());
        }

        private Tensor decay() {
            return stride.neg().exp();
        }

        private Tensor decayTwice() {
            return stride.mul(new Scalar(-2)).exp();
        }
    }
}
