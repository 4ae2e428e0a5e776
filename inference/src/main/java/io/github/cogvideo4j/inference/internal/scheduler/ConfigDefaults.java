package io.github.cogvideo4j.inference.internal.scheduler;

import io.github.cogvideo4j.inference.options.TimestepSpacing;

/// The values of absent keys of `scheduler_config.json`: they depend on the class that the file names.
///
/// Source: the constructors of diffusers' schedulers.
///
/// @param betaStart     `beta_start`
/// @param betaEnd       `beta_end`
/// @param betaSchedule  `beta_schedule`
/// @param clipSample    `clip_sample`
/// @param alphaToOne    `set_alpha_to_one`
/// @param spacing       `timestep_spacing`
/// @param snrShiftScale `snr_shift_scale`, 1 for the classes that have no such key
public record ConfigDefaults(
        double betaStart,
        double betaEnd,
        BetaSchedule betaSchedule,
        boolean clipSample,
        boolean alphaToOne,
        TimestepSpacing spacing,
        double snrShiftScale) {
    /// CogVideoX's own schedulers.
    public static final ConfigDefaults COGVIDEOX =
            new ConfigDefaults(0.00085, 0.012, BetaSchedule.SCALED_LINEAR, true, true, TimestepSpacing.LEADING, 3.0);
    /// DDIM and DDPM.
    public static final ConfigDefaults DDIM = stock(true, TimestepSpacing.LEADING);
    /// PNDM.
    public static final ConfigDefaults PNDM = stock(false, TimestepSpacing.LEADING);
    /// Those that were made for sigmas: Euler, DPM-Solver++, UniPC, DEIS, SASolver.
    public static final ConfigDefaults SIGMAS = stock(true, TimestepSpacing.LINSPACE);
    /// Heun.
    public static final ConfigDefaults HEUN =
            new ConfigDefaults(0.00085, 0.012, BetaSchedule.LINEAR, false, true, TimestepSpacing.LINSPACE, 1);
    /// LCM.
    public static final ConfigDefaults LCM =
            new ConfigDefaults(0.00085, 0.012, BetaSchedule.SCALED_LINEAR, false, true, TimestepSpacing.LEADING, 1);

    private static ConfigDefaults stock(boolean alphaToOne, TimestepSpacing spacing) {
        return new ConfigDefaults(0.0001, 0.02, BetaSchedule.LINEAR, true, alphaToOne, spacing, 1);
    }
}
