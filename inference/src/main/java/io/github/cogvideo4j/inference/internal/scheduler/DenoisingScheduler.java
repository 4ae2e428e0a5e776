package io.github.cogvideo4j.inference.internal.scheduler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// What the schedulers from noise to latents have in common: their table, and what a step starts from.
abstract sealed class DenoisingScheduler implements Scheduler permits DdimScheduler, DpmScheduler {
    private final SchedulerConfig config;
    private final NoiseTable table;

    DenoisingScheduler(SchedulerConfig config) {
        this.config = config;
        this.table = NoiseTable.shifted(config);
    }

    /// The sample after a step.
    abstract Tensor next(Transition from, StepPosition at, Tensor sample, RandomSource random);

    @Override
    public final SchedulerConfig config() {
        return config;
    }

    @Override
    public final Step step(Tensor prediction, StepPosition at, Tensor sample, RandomSource random) {
        List<Tensor> made = Scoped.tensors(() -> {
            Transition from = Transition.of(config, table, prediction, at, sample);
            return List.of(next(from, at, sample, random), from.denoised());
        });
        return new Step(made.getFirst(), made.getLast());
    }

    @Override
    public final Tensor addNoise(Tensor sample, Tensor noise, long... timesteps) {
        return table.addNoise(sample, noise, timesteps);
    }

    NoiseTable table() {
        return table;
    }
}
