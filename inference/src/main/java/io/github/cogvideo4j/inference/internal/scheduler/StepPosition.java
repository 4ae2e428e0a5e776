package io.github.cogvideo4j.inference.internal.scheduler;

import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.pytorch.Tensor;

/// Which step of a run is being made.
///
/// @param steps              how many steps were asked for
/// @param timestep           the training timestep of this one
/// @param previousTimestep   the one that was visited before; empty at the first step
/// @param previousPrediction the [Step#denoised()] of the step before; empty at the first step
public record StepPosition(
        int steps, long timestep, OptionalLong previousTimestep, Optional<Tensor> previousPrediction) {
    /// The first step of a run.
    public static StepPosition first(int steps, long timestep) {
        return new StepPosition(steps, timestep, OptionalLong.empty(), Optional.empty());
    }

    /// The step after this one.
    public StepPosition next(long nextTimestep, Step made) {
        return new StepPosition(steps, nextTimestep, OptionalLong.of(timestep), Optional.of(made.denoised()));
    }
}
