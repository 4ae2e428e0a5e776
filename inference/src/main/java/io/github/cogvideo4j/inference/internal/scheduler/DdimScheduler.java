package io.github.cogvideo4j.inference.internal.scheduler;

import static io.github.cogvideo4j.inference.internal.scheduler.NoiseTable.oneMinus;
import static io.github.cogvideo4j.inference.internal.scheduler.NoiseTable.root;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import org.bytedeco.pytorch.Tensor;

/// DDIM, without noise between the steps. Recommended for CogVideoX-2b.
///
/// Source: diffusers' `CogVideoXDDIMScheduler`. The order of the operands is part of the result: a scalar
/// tensor on the left of a bf16 sample is rounded to bf16 first.
public final class DdimScheduler extends DenoisingScheduler {
    /// The class that model folders name.
    public static final String CLASS_NAME = "CogVideoXDDIMScheduler";

    /// A scheduler of this configuration.
    public DdimScheduler(SchedulerConfig config) {
        super(config);
    }

    @Override
    Tensor next(Transition from, StepPosition at, Tensor sample, RandomSource random) {
        Tensor kept = root(oneMinus(from.alphaTarget()).div(from.beta()));
        Tensor added = root(from.alphaTarget()).sub(root(from.alpha()).mul(kept));
        return kept.mul(sample).add(added.mul(from.denoised()));
    }
}
