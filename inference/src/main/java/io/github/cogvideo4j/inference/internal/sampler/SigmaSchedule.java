package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.scheduler.SigmaTable;
import io.github.cogvideo4j.inference.internal.scheduler.SolverConfig;
import io.github.cogvideo4j.inference.internal.scheduler.Timesteps;
import java.util.Arrays;

/// The sigmas of a run and the timesteps that belong to them.
final class SigmaSchedule {
    private final double[] timesteps;
    private final float[] sigmas;

    /// @param timesteps one for each step
    /// @param sigmas    one more: the last is where the last step ends
    SigmaSchedule(double[] timesteps, float... sigmas) {
        this.timesteps = timesteps.clone();
        this.sigmas = sigmas.clone();
    }

    double[] timesteps() {
        return timesteps.clone();
    }

    float[] sigmas() {
        return sigmas.clone();
    }

    /// For the samplers in sigma space (Euler, Heun): Karras sigmas between those of the first and last timestep,
    /// at timesteps between the whole ones.
    static SigmaSchedule inSigmaSpace(SamplerSetup setup) {
        return setup.given().orElseGet(() -> spacedInSigmaSpace(setup));
    }

    private static SigmaSchedule spacedInSigmaSpace(SamplerSetup setup) {
        SigmaTable table = SigmaTable.of(setup.table());
        double[] spaced = Timesteps.descendingFractions(setup.config(), setup.steps());
        double[] timesteps = setup.quirks()
                ? spaced
                : Arrays.stream(spaced).filter(t -> t >= 0).toArray();
        double[] sigmas = Arrays.stream(timesteps).map(table::at).toArray();
        double end = setup.solver().endsAtSmallest() ? table.smallest() : 0;
        if (setup.solver().karras()) {
            sigmas = SigmaTable.karras(sigmas[0], sigmas[sigmas.length - 1], setup.steps());
            timesteps = Arrays.stream(sigmas).map(table::timestep).toArray();
        }
        return of(timesteps, sigmas, end);
    }

    /// For the multistep solvers whose last step leads to no noise at all.
    static SigmaSchedule toZero(SamplerSetup setup) {
        return setup.given().orElseGet(() -> multistep(setup, setup.solver().endsAtSmallest()));
    }

    /// For the multistep solvers whose last step leads to the smallest sigma of the table.
    static SigmaSchedule toSmallest(SamplerSetup setup) {
        return setup.given().orElseGet(() -> multistep(setup, true));
    }

    private static SigmaSchedule multistep(SamplerSetup setup, boolean toSmallest) {
        SigmaTable table = SigmaTable.of(setup.table());
        SolverConfig solver = setup.solver();
        if (solver.karras()) {
            double[] sigmas = SigmaTable.karras(table.largest(), table.smallest(), setup.steps());
            double[] timesteps = Arrays.stream(sigmas)
                    .map(sigma -> Math.rint(table.timestep(sigma)))
                    .toArray();
            return of(timesteps, sigmas, toSmallest ? sigmas[sigmas.length - 1] : 0);
        }
        long[] whole = setup.withoutNegative(Timesteps.descendingToEnd(setup.config(), setup.steps()));
        double[] timesteps = SolverRun.fractions(whole);
        return of(timesteps, Arrays.stream(timesteps).map(table::at).toArray(), toSmallest ? table.smallest() : 0);
    }

    private static SigmaSchedule of(double[] timesteps, double[] sigmas, double end) {
        float[] narrow = new float[sigmas.length + 1];
        double[] times = new double[timesteps.length];
        for (int i = 0; i < sigmas.length; i++) {
            narrow[i] = (float) sigmas[i];
            times[i] = (float) timesteps[i];
        }
        narrow[sigmas.length] = (float) end;
        return new SigmaSchedule(times, narrow);
    }
}
