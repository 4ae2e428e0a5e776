package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.scheduler.Denoised;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/// The part that all runs have in common: the calls, which of them is next, and the tensors that are kept.
abstract class SolverRun implements SamplerRun {
    private final SamplerSetup setup;
    private final double[] calls;
    private final int begin;
    private final List<History> kept = new ArrayList<>();
    private int call;

    /// @param begin the call that is made first
    /// @param calls the timesteps of all calls of a run from noise
    SolverRun(SamplerSetup setup, int begin, double... calls) {
        this.setup = setup;
        this.calls = calls.clone();
        this.begin = begin;
        this.call = begin;
    }

    /// The next sample and the one without noise.
    abstract SamplerStep next(Tensor prediction, Tensor sample, RandomSource random);

    /// The sample with as much noise as belongs to the first call.
    abstract Tensor noisy(Tensor sample, Tensor noise);

    SamplerSetup setup() {
        return setup;
    }

    /// The index of the next call among all of a run from noise.
    int call() {
        return call;
    }

    /// How many calls a run from noise has.
    int calls() {
        return calls.length;
    }

    /// The timestep of a call.
    double timestep(int index) {
        return calls[index];
    }

    /// A history that is closed with this run.
    final History history(int most) {
        History history = new History(most);
        kept.add(history);
        return history;
    }

    @Override
    public final double[] timesteps() {
        return Arrays.copyOfRange(calls, begin, calls.length);
    }

    @Override
    public Tensor start(Tensor noise) {
        return noise;
    }

    @Override
    public final Tensor start(Tensor sample, Tensor noise) {
        Tensor noisy = noisy(sample, noise);
        return setup.quirks() ? start(noisy) : noisy;
    }

    @Override
    public Tensor scaled(Tensor sample) {
        return sample;
    }

    @Override
    public final SamplerStep step(Tensor prediction, Tensor sample, RandomSource random) {
        List<Tensor> made = Scoped.tensors(() -> {
            SamplerStep step = next(prediction, sample, random);
            return List.of(step.sample(), step.denoised());
        });
        call++;
        return new SamplerStep(made.getFirst(), made.getLast());
    }

    @Override
    public final void close() {
        kept.forEach(History::close);
    }

    /// The sample without its noise.
    Tensor denoised(Tensor prediction, Tensor sample, Tensor signal, Tensor noise) {
        return Denoised.from(setup.predictionType(), prediction, sample, signal, noise);
    }

    /// A denoised sample, clipped where the configuration says so.
    Tensor clipped(Tensor denoised) {
        if (!setup.config().clipSample()) {
            return denoised;
        }
        double range = setup.config().clipSampleRange();
        return denoised.clamp(new ScalarOptional(new Scalar(-range)), new ScalarOptional(new Scalar(range)));
    }

    static double[] fractions(long... timesteps) {
        return Arrays.stream(timesteps).asDoubleStream().toArray();
    }
}
