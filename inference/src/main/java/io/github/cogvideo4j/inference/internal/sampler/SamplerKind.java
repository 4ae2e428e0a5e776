package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.scheduler.ConfigDefaults;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.SchedulerConfig;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.util.function.Function;

/// The registry of samplers: what belongs to each of the names in [SchedulerChoice]. A new one is a constant there,
/// a class of its run, and the case here that the compiler asks for.
///
/// @param defaults what absent keys of its configuration mean
/// @param schedule what its class makes of the noise schedule
/// @param runs     starts a run
record SamplerKind(ConfigDefaults defaults, Schedule schedule, Function<SamplerSetup, SamplerRun> runs) {
    /// The noise schedules that a class makes of its configuration.
    enum Schedule {
        /// CogVideoX's own: shifted, in fp64, and rescaled so that it ends in pure noise.
        COGVIDEOX,
        /// Rescaled, in fp32. The shift is unknown to it.
        RESCALED,
        /// Rescaled, but for the last product, which stays above 0 so that sigma is finite.
        FINITE,
        /// Neither shifted nor rescaled.
        PLAIN
    }

    static SamplerKind of(SchedulerChoice choice) {
        return switch (choice) {
            case DDIM -> new SamplerKind(ConfigDefaults.COGVIDEOX, Schedule.COGVIDEOX, CogVideoXDdimRun::new);
            case DPM -> new SamplerKind(ConfigDefaults.COGVIDEOX, Schedule.COGVIDEOX, CogVideoXDpmRun::new);
            case DDIM_ORIGIN -> new SamplerKind(ConfigDefaults.DDIM, Schedule.RESCALED, DdimRun::new);
            case EULER -> new SamplerKind(ConfigDefaults.SIGMAS, Schedule.FINITE, EulerRun::new);
            case EULER_A -> new SamplerKind(ConfigDefaults.SIGMAS, Schedule.FINITE, EulerAncestralRun::new);
            case DPM_2M, DPM_2M_SDE -> new SamplerKind(ConfigDefaults.SIGMAS, Schedule.FINITE, DpmRun::new);
            case UNIPC -> new SamplerKind(ConfigDefaults.SIGMAS, Schedule.FINITE, UniPcRun::new);
            case HEUN -> new SamplerKind(ConfigDefaults.HEUN, Schedule.PLAIN, HeunRun::new);
            case DEIS -> new SamplerKind(ConfigDefaults.SIGMAS, Schedule.PLAIN, DeisRun::new);
            case PNDM -> new SamplerKind(ConfigDefaults.PNDM, Schedule.PLAIN, PndmRun::new);
            case SA_SOLVER -> new SamplerKind(ConfigDefaults.SIGMAS, Schedule.PLAIN, SaSolverRun::new);
            case LCM -> new SamplerKind(ConfigDefaults.LCM, Schedule.RESCALED, LcmRun::new);
            case DDPM -> new SamplerKind(ConfigDefaults.DDIM, Schedule.RESCALED, DdpmRun::new);
        };
    }

    /// Whether it knows the shift of the signal-to-noise ratio that CogVideoX models are trained with.
    boolean knowsShift() {
        return schedule == Schedule.COGVIDEOX;
    }

    /// Whether it knows schedules that end in noise alone.
    boolean knowsRescaling() {
        return schedule != Schedule.PLAIN;
    }

    /// The share of the signal that is left at each training timestep.
    ///
    /// @param keepsShift whether the shift counts although the class does not know it
    NoiseTable table(SchedulerConfig config, boolean keepsShift) {
        if (schedule == Schedule.COGVIDEOX) {
            return NoiseTable.shifted(config);
        }
        SchedulerConfig known = knowsRescaling() ? config : config.withoutRescaling();
        NoiseTable made = keepsShift ? NoiseTable.keepingShift(known) : NoiseTable.unshifted(known);
        return schedule == Schedule.FINITE && known.rescaleBetasZeroSnr() ? made.withFiniteEnd() : made;
    }
}
