package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.PredictionType;
import io.github.cogvideo4j.inference.internal.scheduler.SchedulerConfig;
import io.github.cogvideo4j.inference.internal.scheduler.SolverConfig;
import io.github.cogvideo4j.inference.internal.scheduler.Timesteps;
import java.util.Arrays;
import java.util.Optional;

/// The parameters of a run.
///
/// @param config the model's configuration
/// @param table  how much of the signal is left at each training timestep
/// @param steps  how many steps were asked for
/// @param first  the step that is made first; beyond 0 for a run that begins in the middle
/// @param quirks whether the reference's faults are kept
/// @param given  sigmas and timesteps in place of those that follow from the table
record SamplerSetup(
        SchedulerConfig config, NoiseTable table, int steps, int first, boolean quirks, Optional<SigmaSchedule> given) {
    SolverConfig solver() {
        return config.solver();
    }

    PredictionType predictionType() {
        return config.predictionType();
    }

    /// Training timesteps between two steps where they lie evenly.
    int stride() {
        return config.numTrainTimesteps() / steps;
    }

    /// The timesteps of samplers that make a step from each to the next.
    long[] timesteps() {
        return withoutNegative(Timesteps.descending(config, steps));
    }

    /// Some counts of trailing steps give one more, at timestep -1, which a table of the reference takes for the
    /// noisiest.
    long[] withoutNegative(long... timesteps) {
        return quirks ? timesteps : Arrays.stream(timesteps).filter(t -> t >= 0).toArray();
    }
}
