package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import org.bytedeco.pytorch.Tensor;

/// A run whose coefficients come from the cumulative products at whole timesteps.
abstract class ProductRun extends SolverRun {
    ProductRun(SamplerSetup setup, int begin, long... timesteps) {
        super(setup, begin, fractions(timesteps));
    }

    /// The whole timestep of a call.
    long at(int index) {
        return (long) timestep(index);
    }

    /// The product at a timestep; below 0 the one after the last step.
    Tensor product(long timestep) {
        return timestep < 0
                ? setup().table().end(setup().config())
                : setup().table().at(timestep);
    }

    @Override
    Tensor noisy(Tensor sample, Tensor noise) {
        return setup().table().addNoise(sample, noise, at(call()));
    }

    static Tensor root(Tensor x) {
        return NoiseTable.root(x);
    }

    static Tensor oneMinus(Tensor x) {
        return NoiseTable.oneMinus(x);
    }
}
