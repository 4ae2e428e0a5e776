package io.github.cogvideo4j.inference.internal.scheduler;

import io.github.cogvideo4j.inference.options.TimestepSpacing;
import java.util.Arrays;
import java.util.function.IntToLongFunction;

/// The training timesteps that are visited.
///
/// Source: `set_timesteps` of diffusers' CogVideoX schedulers and what NumPy's `arange` and `linspace` make of
/// floating point steps: `arange` adds multiples of the difference of its first two values.
public final class Timesteps {
    private Timesteps() {}

    /// The timesteps, from much noise to little.
    ///
    /// [TimestepSpacing#TRAILING] gives one more than asked for with some counts (61, 103, 121, ...), ending
    /// in -1: so does the reference, whose videos depend on it.
    ///
    /// @param spacing how they are spread
    /// @param trained how many timesteps the model was trained with
    /// @param steps   how many are asked for
    /// @param offset  added to [TimestepSpacing#LEADING] ones
    public static long[] descending(TimestepSpacing spacing, int trained, int steps, int offset) {
        return switch (spacing) {
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

    /// The timesteps of a configuration.
    ///
    /// @param steps how many are asked for
    public static long[] descending(SchedulerConfig config, int steps) {
        return descending(config.timestepSpacing(), config.numTrainTimesteps(), steps, config.stepsOffset());
    }

    /// The timesteps of the multistep solvers on sigmas (DPM-Solver++, UniPC, DEIS, SASolver):
    /// [TimestepSpacing#LEADING] and [TimestepSpacing#LINSPACE] leave out the one with the least noise, where
    /// their last step ends.
    ///
    /// @param steps how many are asked for
    public static long[] descendingToEnd(SchedulerConfig config, int steps) {
        return config.timestepSpacing() == TimestepSpacing.TRAILING
                ? descending(config, steps)
                : Arrays.copyOf(descending(config, steps + 1), steps);
    }

    /// The timesteps of the samplers in sigma space (Euler, Heun): [TimestepSpacing#LINSPACE] is not rounded to
    /// whole timesteps but to fp32.
    ///
    /// @param steps how many are asked for
    public static double[] descendingFractions(SchedulerConfig config, int steps) {
        if (config.timestepSpacing() != TimestepSpacing.LINSPACE || steps == 1) {
            return Arrays.stream(descending(config, steps)).asDoubleStream().toArray();
        }
        int last = config.numTrainTimesteps() - 1;
        double step = last / (double) (steps - 1);
        double[] values = new double[steps];
        Arrays.setAll(values, index -> index == 0 ? last : (float) ((steps - 1 - index) * step));
        return values;
    }

    private static long[] fill(int count, IntToLongFunction value) {
        long[] values = new long[count];
        Arrays.setAll(values, value);
        return values;
    }
}
