package io.github.cogvideo4j.inference.internal.scheduler;

import static io.github.cogvideo4j.inference.internal.scheduler.NoiseTable.oneMinus;
import static io.github.cogvideo4j.inference.internal.scheduler.NoiseTable.root;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/// DDIM backwards: from a video's latents to the noise that gives them.
///
/// Source: diffusers' `DDIMInverseScheduler`. It knows no shift of the signal-to-noise ratio and computes its
/// table in fp32, whatever the model's own scheduler does.
public final class DdimInverseScheduler implements Scheduler {
    /// The class in diffusers.
    static final String CLASS_NAME = "DDIMInverseScheduler";

    private final SchedulerConfig config;
    private final NoiseTable table;

    /// A scheduler of this configuration; its class and its shift are not looked at.
    public DdimInverseScheduler(SchedulerConfig config) {
        this(config, NoiseTable.unshifted(config));
    }

    DdimInverseScheduler(SchedulerConfig config, NoiseTable table) {
        this.config = config;
        this.table = table;
    }

    @Override
    public SchedulerConfig config() {
        return config;
    }

    /// The timesteps, from little noise to much.
    @Override
    public long[] timesteps(int steps) {
        long[] descending = Scheduler.super.timesteps(steps);
        long[] ascending = new long[descending.length];
        for (int index = 0; index < ascending.length; index++) {
            ascending[index] = descending[descending.length - 1 - index];
        }
        return ascending;
    }

    @Override
    public Step step(Tensor prediction, StepPosition at, Tensor sample, RandomSource random) {
        List<Tensor> made = Scoped.tensors(() -> {
            long source =
                    Math.min(at.timestep() - config.numTrainTimesteps() / at.steps(), config.numTrainTimesteps() - 1L);
            Tensor alpha = source >= 0 ? table.at(source) : table.end(config);
            Tensor alphaTarget = table.at(at.timestep());
            Tensor beta = oneMinus(alpha);
            Tensor denoised = Denoised.from(config.predictionType(), prediction, sample, alpha, beta);
            Tensor noise = switch (config.predictionType()) {
                case EPSILON -> prediction;
                case SAMPLE -> sample.sub(root(alpha).mul(denoised)).div(root(beta));
                case V_PREDICTION -> root(alpha).mul(prediction).add(root(beta).mul(sample));
            };
            if (config.clipSample()) {
                double range = config.clipSampleRange();
                denoised =
                        denoised.clamp(new ScalarOptional(new Scalar(-range)), new ScalarOptional(new Scalar(range)));
            }
            Tensor direction = root(oneMinus(alphaTarget)).mul(noise);
            return List.of(root(alphaTarget).mul(denoised).add(direction), denoised);
        });
        return new Step(made.getFirst(), made.getLast());
    }

    @Override
    public Tensor addNoise(Tensor sample, Tensor noise, long... timesteps) {
        return table.addNoise(sample, noise, timesteps);
    }
}
