package io.github.cogvideo4j.inference.options;

import java.util.OptionalInt;

/// The options by which a stock sampler differs from its defaults.
///
/// @param karrasSigmas    whether steps are spread by Karras sigmas
/// @param solverOrder     the order of a multistep solver, 1 to 3; as the model's folder says when empty
/// @param keepSnrShift    whether it samples on the schedule that the model was trained with, although its class
///                        in diffusers does not know the shift of the signal-to-noise ratio
/// @param referenceQuirks whether faults of diffusers are kept, for the same numbers as there
public record SamplerOptions(
        boolean karrasSigmas, OptionalInt solverOrder, boolean keepSnrShift, boolean referenceQuirks) {
    /// Nothing different.
    public static SamplerOptions defaults() {
        return new SamplerOptions(false, OptionalInt.empty(), false, false);
    }
}
