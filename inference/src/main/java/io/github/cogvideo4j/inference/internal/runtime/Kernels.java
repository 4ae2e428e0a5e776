package io.github.cogvideo4j.inference.internal.runtime;

import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;

/// libtorch's choices among kernels of a CUDA device: all that this program sets of its global context. They belong
/// to the process, and so to the computation that holds the lease ([DeviceOwner]). On other devices they mean nothing.
public final class Kernels {
    private static volatile AttentionKernel attention = AttentionKernel.AUTO;

    private Kernels() {}

    /// What holds for every computation: fp32 is computed in fp32 and not in TF32, which cuDNN's convolutions take by
    /// default, and products in half precision are added up in fp32.
    static void exact() {
        Context context = torch.globalContext();
        context.setAllowTF32CuBLAS(false);
        context.setAllowTF32CuDNN(false);
        reduceInHalfPrecision(false);
    }

    /// Whether cuBLAS may add up parts of a product in half precision. For measurements; it never does otherwise.
    public static void reduceInHalfPrecision(boolean allowed) {
        Context context = torch.globalContext();
        context.setAllowBF16ReductionCuBLAS(allowed);
        context.setAllowFP16ReductionCuBLAS(allowed);
    }

    /// Sets the kernels of a computation.
    ///
    /// @param kernel    what computes attention; any of them for [AttentionKernel#AUTO]
    /// @param benchmark whether cuDNN tries its algorithms for each new shape of a convolution
    public static void use(AttentionKernel kernel, boolean benchmark) {
        attention = kernel;
        allow(kernel);
        torch.globalContext().setBenchmarkCuDNN(benchmark);
    }

    /// Computes an attention that not every kernel can: any of them may.
    public static <T> T withAnyAttention(Supplier<T> computation) {
        if (attention == AttentionKernel.AUTO) {
            return computation.get();
        }
        allow(AttentionKernel.AUTO);
        try {
            return computation.get();
        } finally {
            allow(attention);
        }
    }

    private static void allow(AttentionKernel kernel) {
        boolean any = kernel == AttentionKernel.AUTO;
        Context context = torch.globalContext();
        context.setSDPUseFlash(any || kernel == AttentionKernel.FLASH);
        context.setSDPUseMemEfficient(any || kernel == AttentionKernel.EFFICIENT);
        context.setSDPUseCuDNN(any || kernel == AttentionKernel.CUDNN);
        context.setSDPUseMath(any || kernel == AttentionKernel.MATH);
    }
}
