package io.github.cogvideo4j.inference.options;

/// The precision and the device that models are computed in and on.
///
/// @param precision the type in which all components compute
/// @param device    where: `cpu`, `cuda`, `cuda:N`, `mps`, or `auto`: the first CUDA device when there
///                  is one, else the processor
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
}
