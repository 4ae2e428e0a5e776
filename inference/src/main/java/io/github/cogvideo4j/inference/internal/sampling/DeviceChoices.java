package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import java.util.Locale;

/// The choices that only some devices have.
final class DeviceChoices {
    private DeviceChoices() {}

    /// Refuses what a device does not have: it would be ignored in silence.
    ///
    /// @throws InvalidRequestException `request`
    static void check(ComputeOptions options, ComputeDevice device) {
        if (device.isCpu() && options.offload() != Offload.AUTO && options.offload() != Offload.NONE) {
            throw refused(Remedy.Field.OFFLOAD, "inference.device.offload", options.offload(), device);
        }
        if (device.cudaIndex().isEmpty() && options.attention() != AttentionKernel.AUTO) {
            throw refused(Remedy.Field.ATTENTION, "inference.device.attention", options.attention(), device);
        }
    }

    private static InvalidRequestException refused(
            Remedy.Field field, String key, Enum<?> value, ComputeDevice device) {
        return new InvalidRequestException(Problem.of(
                        ProblemCode.REQUEST, Place.nowhere(), key, value.name().toLowerCase(Locale.ROOT), device.name())
                .with(Remedy.change(field, "auto")));
    }
}
