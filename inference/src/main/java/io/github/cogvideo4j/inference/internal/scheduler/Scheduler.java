package io.github.cogvideo4j.inference.internal.scheduler;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import org.bytedeco.pytorch.Tensor;

/// Turns a transformer's predictions into less noisy samples, one step at a time. A scheduler keeps no state
/// of a run: what a step needs to know of the one before is given to it.
public sealed interface Scheduler permits DenoisingScheduler, DdimInverseScheduler {
    /// The scheduler that a configuration names.
    ///
    /// @throws InvalidModelException `scheduler` when it names one that CogVideoX does not have
    static Scheduler of(SchedulerConfig config) {
        return switch (config.className()) {
            case DdimScheduler.CLASS_NAME -> new DdimScheduler(config);
            case DpmScheduler.CLASS_NAME -> new DpmScheduler(config);
            default ->
                throw new InvalidModelException(
                        ProblemCode.SCHEDULER, Place.nowhere(), "inference.scheduler.unknown", config.className());
        };
    }

    /// The scheduler that was chosen instead of the one that a configuration names.
    static Scheduler of(SchedulerChoice choice, SchedulerConfig config) {
        return switch (choice) {
            case DDIM -> new DdimScheduler(config);
            case DPM -> new DpmScheduler(config);
        };
    }

    /// The name of diffusers' class for it.
    default String className() {
        return switch (this) {
            case DdimScheduler _ -> DdimScheduler.CLASS_NAME;
            case DpmScheduler _ -> DpmScheduler.CLASS_NAME;
            case DdimInverseScheduler _ -> DdimInverseScheduler.CLASS_NAME;
        };
    }

    /// Its configuration.
    SchedulerConfig config();

    /// The timesteps to visit, in order.
    ///
    /// @param steps how many; some counts give one more (see [TimestepSpacing])
    /// @throws InvalidRequestException `request` when the model was trained with fewer
    default long[] timesteps(int steps) {
        checkSteps(steps, config());
        return Timesteps.descending(
                config().timestepSpacing(), config().numTrainTimesteps(), steps, config().stepsOffset());
    }

    /// One step.
    ///
    /// @param prediction what the transformer predicts, `[batch, frames, channels, height, width]`
    /// @param at         which step it is
    /// @param sample     the sample before the step, of the same shape
    /// @param random     where noise comes from
    Step step(Tensor prediction, StepPosition at, Tensor sample, RandomSource random);

    /// A sample with as much noise as it has at a timestep.
    ///
    /// @param sample    the sample, `[batch, ...]`
    /// @param noise     the noise, of the same shape and type
    /// @param timesteps the timestep of each sample of the batch, or one for all
    Tensor addNoise(Tensor sample, Tensor noise, long... timesteps);

    /// Checks a number of steps against what the model was trained with.
    static void checkSteps(int steps, SchedulerConfig config) {
        if (steps < 1 || steps > config.numTrainTimesteps()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.nowhere(),
                    "inference.scheduler.steps",
                    steps,
                    config.numTrainTimesteps());
        }
    }
}
