package io.github.cogvideo4j.inference.scheduler;

import static io.github.cogvideo4j.inference.scheduler.NoiseTable.oneMinus;
import static io.github.cogvideo4j.inference.scheduler.NoiseTable.root;

import io.github.cogvideo4j.inference.runtime.RandomSource;
import io.github.cogvideo4j.inference.runtime.Scoped;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// A stochastic DPM-Solver++ of second order. Recommended for CogVideoX-5b and 1.5, with dynamic guidance.
///
/// Source: diffusers' `CogVideoXDPMScheduler`. At the ends of the table the logarithms are infinite, and the
/// result relies on what IEEE arithmetic makes of that.
public final class DpmScheduler implements Scheduler {
    /// The class that model folders name.
    public static final String CLASS_NAME = "CogVideoXDPMScheduler";

    private final SchedulerConfig config;
    private final NoiseTable table;

    /// A scheduler of this configuration.
    public DpmScheduler(SchedulerConfig config) {
        this.config = config;
        this.table = NoiseTable.shifted(config);
    }

    @Override
    public SchedulerConfig config() {
        return config;
    }

    @Override
    public Step step(Tensor prediction, StepPosition at, Tensor sample, RandomSource random) {
        List<Tensor> made = Scoped.tensors(() -> {
            Transition t = Transition.of(config, table, prediction, at, sample);
            Tensor lambda = lambda(t.alpha());
            Tensor stride = lambda(t.alphaTarget()).sub(lambda);
            Tensor kept = root(oneMinus(t.alphaTarget()).div(t.beta()))
                    .mul(stride.neg().exp());
            Tensor removed = stride.mul(new Scalar(-2)).expm1().mul(root(t.alphaTarget()));
            Tensor noisy = root(oneMinus(t.alphaTarget()))
                    .mul(root(oneMinus(stride.mul(new Scalar(-2)).exp())));

            // The reference draws before it knows whether it will draw again; the numbers that follow depend
            // on it.
            Tensor noise = random.normalLike(sample);
            Tensor direction = t.denoised();
            if (at.previousPrediction().isPresent() && !t.last()) {
                direction = extrapolated(at, t.denoised(), lambda, stride);
                noise = random.normalLike(sample);
            }
            Tensor next = kept.mul(sample).sub(removed.mul(direction)).add(noisy.mul(noise));
            return List.of(next, t.denoised());
        });
        return new Step(made.getFirst(), made.getLast());
    }

    @Override
    public Tensor addNoise(Tensor sample, Tensor noise, long... timesteps) {
        return table.addNoise(sample, noise, timesteps);
    }

    /// The denoised sample carried on along its change since the step before.
    private Tensor extrapolated(StepPosition at, Tensor denoised, Tensor lambda, Tensor stride) {
        Tensor before = lambda(table.at(at.previousTimestep().orElseThrow()));
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
