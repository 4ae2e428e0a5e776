package io.github.cogvideo4j.inference.internal.device;

import java.util.regex.Pattern;

/// The ways in which libtorch and its libraries say that the memory of a device, or the machine's native memory, is
/// used up. They are exceptions like any other of theirs; only their words tell.
public final class OutOfMemory {
    /// Source: libtorch's `CUDACachingAllocator.cpp`, `CUDAException.h`, `MPSAllocator.mm`, `alloc_cpu.cpp`, and the
    /// names of the statuses of cuBLAS and cuDNN.
    private static final Pattern WORDS = Pattern.compile(
            "(CUDA|MPS backend|CUDA error:) out of memory|CUDA driver error: out of memory|can't allocate memory"
                    + "|not enough memory|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED"
                    + "|cudaErrorMemoryAllocation|CUDA out of memory");

    private OutOfMemory() {}

    /// Whether an exception says so, or one that it came from.
    public static boolean is(Throwable failure) {
        for (Throwable e = failure; e != null; e = e.getCause()) {
            if (e instanceof RuntimeException
                    && e.getMessage() != null
                    && WORDS.matcher(e.getMessage()).find()) {
                return true;
            }
        }
        return false;
    }
}
