package io.github.cogvideo4j.checkpoints.internal.table;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/// What training loops call the parts of a saved state, by single words of names: those that are no model's, and
/// those that are averages of one.
public final class StateParts {
    /// Words that tell an averaged copy from the model itself.
    private static final Set<String> AVERAGED =
            Set.of("ema", "averaged", "average", "avg", "shadow", "swa", "target", "teacher");

    private static final Set<String> TRAINING = Set.of(
            "optimizer",
            "optimizers",
            "optim",
            "optimizer_state_dict",
            "optimizer_states",
            "lr_scheduler",
            "lr_schedulers",
            "scheduler",
            "dataloader",
            "train_state");

    private StateParts() {}

    /// Whether a part is the optimizer's, the scheduler's or the data loader's.
    public static boolean isTraining(String part) {
        return TRAINING.contains(part);
    }

    /// Whether what stands before names says that they are an average: `ema.`, `net_ema.`, `state.ema_model.`.
    public static boolean isAveraged(String wrapper) {
        return Arrays.stream(wrapper.toLowerCase(Locale.ROOT).split("[._]")).anyMatch(AVERAGED::contains);
    }
}
