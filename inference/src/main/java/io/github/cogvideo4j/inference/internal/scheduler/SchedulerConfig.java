package io.github.cogvideo4j.inference.internal.scheduler;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import java.util.Arrays;
import java.util.function.Function;

/// A scheduler's configuration, as `scheduler/scheduler_config.json` has it. A key that is absent has the
/// default of diffusers' CogVideoX schedulers.
///
/// @param className            the class that the model names
/// @param numTrainTimesteps    how many timesteps the model was trained with
/// @param betaStart            the first beta
/// @param betaEnd              the last beta
/// @param betaSchedule         what lies between
/// @param clipSample           whether inversion clips what it predicts; denoising never does
/// @param clipSampleRange      to how much
/// @param setAlphaToOne        whether the last step goes to a sample without any noise
/// @param stepsOffset          added to leading timesteps
/// @param predictionType       what the transformer predicts
/// @param timestepSpacing      which timesteps are visited
/// @param rescaleBetasZeroSnr  whether the noisiest timestep is noise alone
/// @param snrShiftScale        shift of the signal-to-noise ratio; 1 changes nothing
/// @param solver               what belongs to one solver or another
public record SchedulerConfig(
        String className,
        int numTrainTimesteps,
        double betaStart,
        double betaEnd,
        BetaSchedule betaSchedule,
        boolean clipSample,
        double clipSampleRange,
        boolean setAlphaToOne,
        int stepsOffset,
        PredictionType predictionType,
        TimestepSpacing timestepSpacing,
        boolean rescaleBetasZeroSnr,
        double snrShiftScale,
        SolverConfig solver) {
    /// The class of a file that names none.
    public static final String DEFAULT_CLASS = "CogVideoXDDIMScheduler";

    static final int MOST_TIMESTEPS = 100_000;

    /// Takes the values out of a `scheduler_config.json`.
    ///
    /// @param defaults what an absent key means
    /// @throws InvalidModelException `config-invalid` for a value that means nothing here
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException when a value has a wrong type
    public static SchedulerConfig of(ConfigDocument json, ConfigDefaults defaults) {
        json.rawValue("trained_betas").filter(value -> !value.equals("null")).ifPresent(value -> {
            throw invalid(json.place(), "trained_betas", value, "null");
        });
        int trained = json.integer("num_train_timesteps", 1000, 1, MOST_TIMESTEPS);
        SchedulerConfig config = new SchedulerConfig(
                json.text("_class_name", DEFAULT_CLASS),
                trained,
                json.number("beta_start", defaults.betaStart()),
                json.number("beta_end", defaults.betaEnd()),
                choice(json, "beta_schedule", defaults.betaSchedule(), BetaSchedule.values(), BetaSchedule::id),
                json.flag("clip_sample", defaults.clipSample()),
                json.number("clip_sample_range", 1.0),
                json.flag("set_alpha_to_one", defaults.alphaToOne()),
                json.integer("steps_offset", 0, 0, trained),
                choice(json, "prediction_type", PredictionType.EPSILON, PredictionType.values(), PredictionType::id),
                choice(json, "timestep_spacing", defaults.spacing(), TimestepSpacing.values(), TimestepSpacing::id),
                json.flag("rescale_betas_zero_snr", false),
                json.number("snr_shift_scale", defaults.snrShiftScale()),
                SolverConfig.of(json));
        if (config.betaStart < 0 || config.betaEnd >= 1 || config.betaStart > config.betaEnd) {
            throw invalid(
                    json.place(),
                    "beta_start / beta_end",
                    config.betaStart + " / " + config.betaEnd,
                    "0 <= a <= b < 1");
        }
        return config;
    }

    /// The same with another choice of timesteps.
    public SchedulerConfig withTimestepSpacing(TimestepSpacing value) {
        return with(value, rescaleBetasZeroSnr, solver);
    }

    /// The same without the rescaling to noise alone.
    public SchedulerConfig withoutRescaling() {
        return with(timestepSpacing, false, solver);
    }

    /// The same with other values of the solver.
    public SchedulerConfig withSolver(SolverConfig value) {
        return with(timestepSpacing, rescaleBetasZeroSnr, value);
    }

    private SchedulerConfig with(TimestepSpacing newSpacing, boolean newRescaling, SolverConfig newSolver) {
        return new SchedulerConfig(
                className,
                numTrainTimesteps,
                betaStart,
                betaEnd,
                betaSchedule,
                clipSample,
                clipSampleRange,
                setAlphaToOne,
                stepsOffset,
                predictionType,
                newSpacing,
                newRescaling,
                snrShiftScale,
                newSolver);
    }

    private static <T> T choice(ConfigDocument json, String field, T fallback, T[] values, Function<T, String> id) {
        String text = json.text(field, id.apply(fallback));
        return Arrays.stream(values)
                .filter(value -> id.apply(value).equals(text))
                .findFirst()
                .orElseThrow(() -> invalid(
                        json.place(), field, text, Arrays.stream(values).map(id).toList()));
    }

    static InvalidModelException invalid(Place place, String field, String value, Object allowed) {
        return new InvalidModelException(
                ProblemCode.CONFIG_INVALID, place, "inference.scheduler.value", field, value, allowed);
    }
}
