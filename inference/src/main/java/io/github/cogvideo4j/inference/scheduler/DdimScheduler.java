package io.github.cogvideo4j.inference.scheduler;

import static io.github.cogvideo4j.inference.scheduler.NoiseTable.oneMinus;
import static io.github.cogvideo4j.inference.scheduler.NoiseTable.root;

import io.github.cogvideo4j.inference.runtime.RandomSource;
import io.github.cogvideo4j.inference.runtime.Scoped;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// DDIM, without noise between the steps. Recommended for CogVideoX-2b.
///
/// Source: diffusers' `CogVideoXDDIMScheduler`. The order of the operands is part of the result: a scalar
/// tensor on the left of a bf16 sample is rounded to bf16 first.
public final class DdimScheduler implements Scheduler {
    /// The class that model folders name.
    public static final String CLASS_NAME = "CogVideoXDDIMScheduler";

    private final SchedulerConfig config;
    private final NoiseTable table;

    /// A scheduler of this configuration.
    public DdimScheduler(SchedulerConfig config) {
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
            Tensor kept = root(oneMinus(t.alphaTarget()).div(t.beta()));
            Tensor added = root(t.alphaTarget()).sub(root(t.alpha()).mul(kept));
            return List.of(kept.mul(sample).add(added.mul(t.denoised())), t.denoised());
        });
        return new Step(made.getFirst(), made.getLast());
    }

    @Override
    public Tensor addNoise(Tensor sample, Tensor noise, long... timesteps) {
        return table.addNoise(sample, noise, timesteps);
    }
}
