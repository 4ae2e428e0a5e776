package io.github.cogvideo4j.inference.runtime;

import io.github.cogvideo4j.inference.InvalidRequestException;
import io.github.cogvideo4j.inference.MissingCapabilityException;

/// What models are computed in and on.
///
/// @param precision the type in which all components compute
/// @param device    where: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`, see [ComputeDevice#of(String)]
/// @param threads   how many threads an operation may use; at least 1
public record ComputeOptions(Precision precision, String device, int threads) {
    /// Checks the number of threads.
    public ComputeOptions {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads");
        }
    }

    /// bfloat16 on the best device that there is, with all processors.
    public static ComputeOptions defaults() {
        return new ComputeOptions(Precision.BF16, "auto", Runtime.getRuntime().availableProcessors());
    }

    /// Loads libtorch, sets its threads and finds the device.
    ///
    /// @throws InvalidRequestException    `device` when there is no device of that name anywhere
    /// @throws MissingCapabilityException `native-library`, or `device` when this machine has no such device
    public ComputeDevice start() {
        Torch.start(threads);
        return ComputeDevice.of(device);
    }
}
