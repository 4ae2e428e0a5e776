package io.github.cogvideo4j.checkpoints.convert;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// What the caller says about the model, in the words of CogVideo's `convert_weight_sat2hf.py`. What the
/// weights prove is compared with them; what they do not prove is taken from here.
///
/// @param layers        transformer blocks
/// @param heads         attention heads
/// @param rotary        whether positions are said to be rotary; false says nothing
/// @param imageToVideo  whether the model is said to take images; false says nothing
/// @param version       `1.0` or `1.5`
/// @param scalingFactor the factor between the autoencoder's latents and the transformer's
/// @param snrShiftScale the shift of the scheduler's noise
public record ModelClaims(
        OptionalInt layers,
        OptionalInt heads,
        boolean rotary,
        boolean imageToVideo,
        Optional<String> version,
        OptionalDouble scalingFactor,
        OptionalDouble snrShiftScale) {
    /// Nothing is said.
    public static ModelClaims none() {
        return new ModelClaims(
                OptionalInt.empty(),
                OptionalInt.empty(),
                false,
                false,
                Optional.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }
}
