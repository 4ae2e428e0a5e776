package io.github.cogvideo4j.inference.options;

import java.util.Optional;

/// The precision and the device that models are computed in and on.
///
/// @param precision      the type in which all components compute
/// @param device         where: `cpu`, `cuda`, `cuda:N`, `mps`, or `auto`: the first CUDA device when there
///                       is one, else the processor
/// @param threads        how many threads an operation may use; at least 1
/// @param attention      which of a CUDA device's kernels computes attention
/// @param offload        which weights stay on the device
/// @param cudnnBenchmark whether cuDNN tries its algorithms for each new shape; as measured on the card when empty
public record ComputeOptions(
        Precision precision,
        String device,
        int threads,
        AttentionKernel attention,
        Offload offload,
        Optional<Boolean> cudnnBenchmark) {
    /// Checks the number of threads.
    public ComputeOptions {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads");
        }
    }

    /// With the fastest attention, and as many weights on the device as fit.
    public ComputeOptions(Precision precision, String device, int threads) {
        this(precision, device, threads, AttentionKernel.AUTO, Offload.AUTO, Optional.empty());
    }

    /// bfloat16 on the best device that there is, with all processors.
    public static ComputeOptions defaults() {
        return new ComputeOptions(Precision.BF16, "auto", Runtime.getRuntime().availableProcessors());
    }

    /// On another device.
    public ComputeOptions withDevice(String value) {
        return new ComputeOptions(precision, value, threads, attention, offload, cudnnBenchmark);
    }

    /// With other kernels: one for attention, and cuDNN's own choice or not.
    public ComputeOptions withKernels(AttentionKernel kernel, Optional<Boolean> benchmark) {
        return new ComputeOptions(precision, device, threads, kernel, offload, benchmark);
    }

    /// With other weights on the device.
    public ComputeOptions withOffload(Offload value) {
        return new ComputeOptions(precision, device, threads, attention, value, cudnnBenchmark);
    }

    /// The kernels that libtorch has for attention on a CUDA device. Each sums in another order, so the last bits
    /// of a video depend on which one it is. Other devices have a single one and take [#AUTO] only.
    public enum AttentionKernel {
        /// The fastest of those that can compute it: measured once for a card and a shape, and remembered.
        AUTO,
        /// FlashAttention: half precision.
        FLASH,
        /// Memory-efficient attention.
        EFFICIENT,
        /// cuDNN's: half precision.
        CUDNN,
        /// Separate products, which hold the whole matrix of scores: for comparisons.
        MATH
    }

    /// Which weights stay on a device that has memory of its own. Results are the same to the bit. On the CPU weights
    /// are mapped files and never moved: it takes [#AUTO] and [#NONE], which are the same there.
    public enum Offload {
        /// The first of the others that fits, in this order.
        AUTO,
        /// All weights stay.
        NONE,
        /// One component at a time: the text encoder, the transformer, the autoencoder.
        MODEL,
        /// Of the text encoder and the transformer two blocks at a time: one computes while the next is copied.
        STREAM
    }
}
