package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.Denoised;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// PNDM: up to three steps of Runge and Kutta with four calls of the model each, then linear multistep.
///
/// Source: Liu et al., "Pseudo Numerical Methods for Diffusion Models on Manifolds" (arXiv 2202.09778),
/// equations 9 and 12, algorithm 2; diffusers' `PNDMScheduler`.
///
/// The paper combines predictions of the noise. The reference combines what the model predicts as it is and
/// takes the noise out of the sum, at the state that a step starts from: with a model that predicts velocities
/// that is another method, kept as a quirk. So is its start in the middle, where it computes with the first
/// timesteps of a run from noise. It has no run of fewer than four steps; here those have fewer blocks of
/// Runge and Kutta.
final class PndmRun extends ProductRun {
    private static final int BLOCKS = 3;
    private static final int CALLS_OF_BLOCK = 4;
    private static final int MEMORY = 4;

    private final Plan plan;
    private final boolean faithful;
    private final History directions = history(MEMORY);
    private final History sumOfBlock = history(1);
    private final History sampleOfBlock = history(1);
    private int done;

    PndmRun(SamplerSetup setup) {
        this(setup, Plan.of(setup));
    }

    private PndmRun(SamplerSetup setup, Plan plan) {
        super(
                setup,
                plan.begin(),
                plan.timesteps().stream().mapToLong(Long::longValue).toArray());
        this.plan = plan;
        this.faithful = setup.quirks();
    }

    /// The calls of a run.
    ///
    /// @param timesteps  one for each call
    /// @param rungeKutta how many of them belong to blocks of Runge and Kutta
    /// @param begin      the call that is made first
    private record Plan(List<Long> timesteps, int rungeKutta, int begin) {
        static Plan of(SamplerSetup setup) {
            long[] all = setup.timesteps();
            boolean whole = setup.quirks() && all.length > BLOCKS;
            long[] steps = whole ? all : Arrays.copyOfRange(all, setup.first(), all.length);
            int blocks = setup.solver().skipRungeKutta() ? 0 : Math.min(BLOCKS, steps.length - 1);
            List<Long> calls = new ArrayList<>();
            for (int block = 0; block < blocks; block++) {
                long middle = steps[block + 1] + setup.stride() / 2;
                calls.addAll(List.of(steps[block], middle, middle, steps[block + 1]));
            }
            for (int step = blocks; step < steps.length; step++) {
                calls.add(steps[step]);
                if (setup.solver().skipRungeKutta() && step == 1) {
                    calls.add(steps[step]);
                }
            }
            return new Plan(calls, CALLS_OF_BLOCK * blocks, whole ? setup.first() : 0);
        }
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor sample, RandomSource random) {
        Tensor alpha = product(at(call()));
        Tensor signal = root(alpha);
        Tensor noise = root(oneMinus(alpha));
        Tensor denoised = denoised(prediction, sample, signal, noise);
        Tensor direction =
                faithful ? prediction : Denoised.noise(setup().predictionType(), prediction, sample, signal, noise);
        Tensor moved = done < plan.rungeKutta() ? rungeKutta(direction, sample) : multistep(direction, sample);
        done++;
        return new SamplerStep(moved, denoised);
    }

    private Tensor rungeKutta(Tensor direction, Tensor sample) {
        int inBlock = done % CALLS_OF_BLOCK;
        if (inBlock == 0) {
            directions.add(direction);
            sampleOfBlock.add(sample);
            sumOfBlock.add(direction.mul(new Scalar(1.0 / 6)));
        } else if (inBlock < CALLS_OF_BLOCK - 1) {
            sumOfBlock.add(sumOfBlock.get(0).add(direction.mul(new Scalar(1.0 / 3))));
        }
        Tensor along =
                inBlock < CALLS_OF_BLOCK - 1 ? direction : sumOfBlock.get(0).add(direction.mul(new Scalar(1.0 / 6)));
        long half = inBlock % 2 == 0 ? setup().stride() / 2 : 0;
        return transfer(sampleOfBlock.get(0), at(done - inBlock), faithful ? at(call()) - half : followed(), along);
    }

    /// Where a step leads to: to the timestep of the next call. The reference subtracts a whole stride, which is
    /// another one where the timesteps do not lie evenly.
    private long target() {
        if (faithful) {
            return at(call()) - setup().stride();
        }
        return call() + 1 < calls() ? at(call() + 1) : -1;
    }

    /// Where a call of a block leads to: to the timestep of the next one, but for the last, which leads to its
    /// own.
    private long followed() {
        return done % CALLS_OF_BLOCK == CALLS_OF_BLOCK - 1 ? at(call()) : target();
    }

    private Tensor multistep(Tensor direction, Tensor sample) {
        if (setup().solver().skipRungeKutta() && done == 1) {
            Tensor mean = direction.add(directions.get(0)).div(new Scalar(2));
            long from = faithful ? at(call()) + setup().stride() : at(call() - 1);
            return transfer(sampleOfBlock.get(0), from, at(call()), mean);
        }
        directions.add(direction);
        if (done == 0) {
            sampleOfBlock.add(sample);
        }
        return transfer(sample, at(call()), target(), extrapolated());
    }

    /// Adams and Bashforth's weights for as many directions as there are.
    private Tensor extrapolated() {
        return switch (directions.size()) {
            case 1 -> directions.get(0);
            case 2 -> times(3, 0).sub(directions.get(1)).div(new Scalar(2));
            case 3 -> times(23, 0).sub(times(16, 1)).add(times(5, 2)).div(new Scalar(12));
            default ->
                times(55, 0)
                        .sub(times(59, 1))
                        .add(times(37, 2))
                        .sub(times(9, 3))
                        .mul(new Scalar(1.0 / 24));
        };
    }

    private Tensor times(int weight, int age) {
        return directions.get(age).mul(new Scalar(weight));
    }

    /// Equation 9: a sample at a timestep carried to another along a direction.
    private Tensor transfer(Tensor sample, long from, long to, Tensor direction) {
        Tensor alpha = product(from);
        Tensor target = product(to);
        Tensor beta = oneMinus(alpha);
        Tensor noise = faithful
                ? Denoised.noise(setup().predictionType(), direction, sample, root(alpha), root(beta))
                : direction;
        Tensor divisor =
                alpha.mul(root(oneMinus(target))).add(root(alpha.mul(beta).mul(target)));
        return root(target.div(alpha))
                .mul(sample)
                .sub(target.sub(alpha).mul(noise).div(divisor));
    }
}
