package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.SigmaLevel;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// SA-Solver: stochastic predictor and corrector of Adams' kind. Noise counts between timesteps 200 and 800.
///
/// Source: Xue et al., "SA-Solver: Stochastic Adams Solver for Fast Sampling of Diffusion Models" (arXiv
/// 2309.05019), algorithm 1, prediction of the data; diffusers' `SASolverScheduler`. Noise is drawn at every
/// step, after the correction and before the prediction. The last step ends at the smallest sigma, about 0.03.
final class SaSolverRun extends MultistepRun {
    private static final int NOISE_FROM = 200;
    private static final int NOISE_TO = 800;

    private final History denoisedBefore;
    private final History sampleBefore = history(1);
    private final History noiseBefore = history(1);
    private int correctorOrder;
    private int done;

    SaSolverRun(SamplerSetup setup) {
        super(setup, SigmaSchedule.toSmallest(setup));
        this.denoisedBefore =
                history(Math.max(setup.solver().predictorOrder(), setup.solver().correctorOrder() - 1));
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor given, RandomSource random) {
        SigmaLevel now = level(call());
        Tensor denoised = denoised(prediction, given, now.signal(), now.noise());
        Tensor sample = given;
        if (done > 0) {
            List<Tensor> values = new ArrayList<>(List.of(denoised));
            for (int age = 0; age < correctorOrder - 1; age++) {
                values.add(denoisedBefore.get(age));
            }
            sample = update(call() - 1, call(), values, sampleBefore.get(0), noiseBefore.get(0));
        }
        denoisedBefore.add(denoised);
        noiseBefore.add(random.normalLike(prediction));
        sampleBefore.add(sample);
        boolean lower = setup().solver().lowerOrderFinal();
        int predictorMost = setup().solver().predictorOrder();
        int correctorMost = setup().solver().correctorOrder();
        int predictorOrder = Math.min(lower ? Math.min(predictorMost, left()) : predictorMost, done + 1);
        correctorOrder = Math.min(lower ? Math.min(correctorMost, left() + 1) : correctorMost, done + 2);
        List<Tensor> values = new ArrayList<>();
        for (int age = 0; age < predictorOrder; age++) {
            values.add(denoisedBefore.get(age));
        }
        Tensor moved = update(call(), call(), values, sample, noiseBefore.get(0));
        done++;
        return new SamplerStep(moved, denoised);
    }

    /// The reference takes the products here and not the sigmas.
    @Override
    Tensor noisy(Tensor sample, Tensor noise) {
        return setup().table().addNoise(sample, noise, (long) timestep(call()));
    }

    /// A step.
    ///
    /// @param from   the call where it starts; it ends at the one after
    /// @param newest the call whose level belongs to the first value; each other one's is a call earlier
    /// @param values denoised samples, the newest first
    private Tensor update(int from, int newest, List<Tensor> values, Tensor sample, Tensor noise) {
        SigmaLevel now = level(from);
        SigmaLevel target = level(from + 1);
        Tensor stride = target.lambda().sub(now.lambda());
        double timestep = timestep(from);
        int tau = timestep >= NOISE_FROM && timestep <= NOISE_TO ? 1 : 0;
        List<Tensor> nodes = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            nodes.add(level(newest - i).lambda());
        }
        ExponentialIntegral integral = new ExponentialIntegral(now.lambda(), target.lambda(), 1 + tau);
        List<Tensor> weights = integral.weights(nodes);
        if (values.size() == 2) {
            // Does not change the order of convergence; the authors found it better with few steps.
            Tensor more = from == newest
                    ? integral.bend(stride).div(now.lambda().sub(nodes.getLast()))
                    : integral.bendOfCorrector(stride);
            weights.set(0, weights.get(0).add(more));
            weights.set(1, weights.get(1).sub(more));
        }
        Tensor sum = torch.zeros_like(sample);
        for (int i = 0; i < values.size(); i++) {
            Tensor weight = target.noise()
                    .mul(new Scalar(1 + tau))
                    .mul(target.lambda().mul(new Scalar(-tau)).exp())
                    .mul(weights.get(i));
            sum = sum.add_(weight.mul(values.get(i)));
        }
        Tensor spread = target.noise()
                .mul(ProductRun.oneMinus(stride.mul(new Scalar(-2 * tau)).exp()).sqrt());
        return stride.mul(new Scalar(-tau))
                .exp()
                .mul(target.noise().div(now.noise()))
                .mul(sample)
                .add(sum)
                .add(spread.mul(noise))
                .to(sample.scalar_type().intern());
    }
}
