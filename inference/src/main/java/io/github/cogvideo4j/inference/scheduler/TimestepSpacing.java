package io.github.cogvideo4j.inference.scheduler;

import java.util.Arrays;
import java.util.function.IntToLongFunction;

/// Which of the training timesteps are visited.
///
/// Source: `set_timesteps` of diffusers' CogVideoX schedulers and what NumPy's `arange` and `linspace` make of
/// floating point steps: `arange` adds multiples of the difference of its first two values.
public enum TimestepSpacing {
    /// Whole multiples of the step, counted from the least noise.
    LEADING("leading"),
    /// Equal steps from the last training timestep down: what the models' authors recommend.
    TRAILING("trailing"),
    /// Equal steps over the whole range, both ends included.
    LINSPACE("linspace");

    private final String id;

    TimestepSpacing(String id) {
        this.id = id;
    }

    /// The value in `scheduler_config.json`.
    public String id() {
        return id;
    }

    @Override
    public String toString() {
        return id;
    }

    /// The timesteps, from much noise to little.
    ///
    /// [#TRAILING] gives one more than asked for with some counts (61, 103, 121, ...), ending in -1: so does
    /// the reference, whose videos depend on it.
    ///
    /// @param trained how many timesteps the model was trained with
    /// @param steps   how many are asked for
    /// @param offset  added to [#LEADING] ones
    public long[] descending(int trained, int steps, int offset) {
        return switch (this) {
            case LEADING -> {
                long step = trained / steps;
                yield fill(steps, index -> (steps - 1 - index) * step + offset);
            }
            case TRAILING -> {
                double step = trained / (double) steps;
                double delta = (trained - step) - trained;
                int count = (int) Math.ceil(trained / step);
                yield fill(count, index -> (long) Math.rint(trained + index * delta) - 1);
            }
            case LINSPACE -> {
                double step = steps == 1 ? 0 : (trained - 1) / (double) (steps - 1);
                yield fill(steps, index -> {
                    int ascending = steps - 1 - index;
                    boolean last = ascending == steps - 1 && steps > 1;
                    return last ? trained - 1 : (long) Math.rint(ascending * step);
                });
            }
        };
    }

    /// The timesteps of the multistep solvers on sigmas (DPM-Solver++, UniPC, DEIS, SASolver): [#LEADING] and
    /// [#LINSPACE] leave out the one with the least noise, where their last step ends.
    ///
    /// @param trained how many timesteps the model was trained with
    /// @param steps   how many are asked for
    /// @param offset  added to [#LEADING] ones
    public long[] descendingToEnd(int trained, int steps, int offset) {
        return this == TRAILING
                ? descending(trained, steps, offset)
                : Arrays.copyOf(descending(trained, steps + 1, offset), steps);
    }

    /// The timesteps of the samplers in sigma space (Euler, Heun): [#LINSPACE] is not rounded to whole
    /// timesteps but to fp32.
    ///
    /// @param trained how many timesteps the model was trained with
    /// @param steps   how many are asked for
    /// @param offset  added to [#LEADING] ones
    public double[] descendingFractions(int trained, int steps, int offset) {
        if (this != LINSPACE || steps == 1) {
            return Arrays.stream(descending(trained, steps, offset)).asDoubleStream().toArray();
        }
        double step = (trained - 1) / (double) (steps - 1);
        double[] values = new double[steps];
        Arrays.setAll(values, index -> index == 0 ? trained - 1 : (float) ((steps - 1 - index) * step));
        return values;
    }

    private static long[] fill(int count, IntToLongFunction value) {
        long[] values = new long[count];
        Arrays.setAll(values, value);
        return values;
    }
}
