package io.github.cogvideo4j.inference.internal.scheduler;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import java.util.List;
import java.util.Map;

/// The part of a scheduler's configuration that belongs to one solver or another: keys that CogVideoX's own
/// schedulers do not have. Defaults are those of diffusers' classes, which agree wherever they share a key.
///
/// @param karras           whether sigmas are spread as Karras et al. do (`use_karras_sigmas`)
/// @param order            the order of a multistep solver (`solver_order`)
/// @param stochastic       whether noise is added between the steps (`algorithm_type` is `sde-dpmsolver++`)
/// @param type             the variant of the solver (`solver_type`); what a class does not know is its default
/// @param lowerOrderFinal  whether the last of fewer than 15 steps has a lower order (`lower_order_final`)
/// @param eulerAtFinal     whether the last step is of first order in any case (`euler_at_final`)
/// @param endsAtSmallest   whether the last sigma is the table's smallest and not 0 (`final_sigmas_type`)
/// @param skipRungeKutta   whether PNDM starts with multistep weights of lower order (`skip_prk_steps`)
/// @param predictorOrder   the order of SASolver's predictor (`predictor_order`)
/// @param correctorOrder   the order of SASolver's corrector (`corrector_order`)
/// @param distilledSteps   the steps that an LCM was distilled from (`original_inference_steps`)
/// @param timestepScaling  how fast the boundary condition of an LCM takes hold (`timestep_scaling`)
/// @param largeVariance    whether DDPM adds the larger variance (`variance_type` is `fixed_large`)
public record SolverConfig(
        boolean karras,
        int order,
        boolean stochastic,
        String type,
        boolean lowerOrderFinal,
        boolean eulerAtFinal,
        boolean endsAtSmallest,
        boolean skipRungeKutta,
        int predictorOrder,
        int correctorOrder,
        int distilledSteps,
        double timestepScaling,
        boolean largeVariance) {
    /// The highest order that any solver here has.
    static final int MOST_ORDER = 4;

    /// The highest order of a solver whose order can be chosen.
    public static final int MOST_CHOSEN_ORDER = 3;

    /// Other ways to compute than those here: each is refused when a configuration asks for it.
    private static final List<String> REFUSED_FLAGS = List.of(
            "use_exponential_sigmas",
            "use_beta_sigmas",
            "use_lu_lambdas",
            "use_flow_sigmas",
            "use_dynamic_shifting",
            "thresholding");

    private static final Map<String, List<String>> WORDS = Map.of(
            "algorithm_type", List.of("dpmsolver++", "sde-dpmsolver++", "deis", "data_prediction"),
            "solver_type", List.of("midpoint", "heun", "bh1", "bh2", "logrho"),
            "final_sigmas_type", List.of("zero", "sigma_min"),
            "variance_type", List.of("fixed_small", "fixed_large"),
            "timestep_type", List.of("discrete"),
            "interpolation_type", List.of("linear"));

    /// Takes the values out of a `scheduler_config.json`.
    ///
    /// @throws io.github.cogvideo4j.inference.InvalidModelException `config-invalid` for a value that means
    /// nothing here
    public static SolverConfig of(ConfigDocument json) {
        for (String flag : REFUSED_FLAGS) {
            if (json.flag(flag, false)) {
                throw SchedulerConfig.invalid(json.place(), flag, "true", "false");
            }
        }
        if (!json.flag("predict_x0", true)) {
            throw SchedulerConfig.invalid(json.place(), "predict_x0", "false", "true");
        }
        WORDS.forEach((field, _) -> word(json, field));
        return new SolverConfig(
                json.flag("use_karras_sigmas", false),
                json.integer("solver_order", 2, 1, MOST_CHOSEN_ORDER),
                word(json, "algorithm_type").equals("sde-dpmsolver++"),
                word(json, "solver_type"),
                json.flag("lower_order_final", true),
                json.flag("euler_at_final", false),
                word(json, "final_sigmas_type").equals("sigma_min"),
                json.flag("skip_prk_steps", false),
                json.integer("predictor_order", 2, 1, MOST_ORDER),
                json.integer("corrector_order", 2, 1, MOST_ORDER),
                json.integer("original_inference_steps", 50, 1, SchedulerConfig.MOST_TIMESTEPS),
                json.number("timestep_scaling", 10.0),
                word(json, "variance_type").equals("fixed_large"));
    }

    private static String word(ConfigDocument json, String field) {
        if (json.rawValue(field).filter(raw -> !raw.equals("null")).isEmpty()) {
            return "";
        }
        List<String> known = WORDS.getOrDefault(field, List.of());
        String word = json.text(field, "");
        if (!known.contains(word)) {
            throw SchedulerConfig.invalid(json.place(), field, word, known);
        }
        return word;
    }

    /// The same with sigmas spread as Karras et al. do.
    public SolverConfig withKarras() {
        return with(true, order, stochastic);
    }

    /// The same with another order.
    public SolverConfig withOrder(int value) {
        return with(karras, value, stochastic);
    }

    /// The same with or without noise between the steps.
    public SolverConfig withStochastic(boolean value) {
        return with(karras, order, value);
    }

    private SolverConfig with(boolean newKarras, int newOrder, boolean newStochastic) {
        return new SolverConfig(
                newKarras,
                newOrder,
                newStochastic,
                type,
                lowerOrderFinal,
                eulerAtFinal,
                endsAtSmallest,
                skipRungeKutta,
                predictorOrder,
                correctorOrder,
                distilledSteps,
                timestepScaling,
                largeVariance);
    }
}
