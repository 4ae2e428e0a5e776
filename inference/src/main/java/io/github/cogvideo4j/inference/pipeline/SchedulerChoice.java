package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.inference.scheduler.DdimScheduler;
import io.github.cogvideo4j.inference.scheduler.DpmScheduler;
import io.github.cogvideo4j.inference.scheduler.Scheduler;
import io.github.cogvideo4j.inference.scheduler.SchedulerConfig;

/// Which scheduler steps from noise to video, where it is not the one that the model's folder names.
public enum SchedulerChoice {
    /// DDIM, recommended for the 2B model.
    DDIM,
    /// DPM-Solver++, recommended for the 5B models, with dynamic guidance.
    DPM;

    Scheduler with(SchedulerConfig config) {
        return switch (this) {
            case DDIM -> new DdimScheduler(config);
            case DPM -> new DpmScheduler(config);
        };
    }
}
