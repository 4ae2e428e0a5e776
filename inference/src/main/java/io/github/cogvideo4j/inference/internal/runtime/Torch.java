package io.github.cogvideo4j.inference.internal.runtime;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.internal.cuda.CudaNatives;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// libtorch, loaded once for the process.
public final class Torch {
    private Torch() {}

    /// Loads the native libraries, when that has not happened yet, and sets the number of threads.
    ///
    /// OpenBLAS keeps to one thread, except in [#matrixProduct(Supplier)]: its own threads inside libtorch's
    /// parallel regions make attention in fp32 ten to twenty times slower.
    ///
    /// @param threads how many threads an operation may use; at least 1
    /// @throws MissingCapabilityException `native-library` when this system has none or they do not load
    public static void start(int threads) {
        load();
        torch.set_num_threads(threads);
    }

    /// Loads the native libraries, when that has not happened yet: those for CUDA where everything for it is here,
    /// unless [ComputeDevice#start] chose before. The number of threads belongs to the running
    /// computation, see [DeviceOwner].
    ///
    /// @throws MissingCapabilityException `native-library` when this system has none or they do not load
    static void load() {
        NativeHeap.giveBackLargeBlocks();
        CudaNatives.Choice choice = ComputeDevice.choose("auto");
        // Each call that sets OpenBLAS's threads makes a native object of its own.
        try (PointerScope _ = new PointerScope()) {
            openblas_nolapack.blas_set_num_threads(1);
            torch.get_num_threads();
            Kernels.exact();
        } catch (UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError e) {
            if (choice.kind() == CudaNatives.Kind.CUDA) {
                throw new MissingCapabilityException(new Problem(
                        ProblemCode.NATIVE_LIBRARY,
                        Place.nowhere(),
                        Message.of(
                                "inference.cuda.unloadable",
                                choice.natives().orElseThrow(),
                                String.valueOf(e.getMessage())),
                        List.of(new Remedy.SetUpCuda(), Remedy.change(Remedy.Field.DEVICE, "cpu"))));
            }
            throw new MissingCapabilityException(
                    e,
                    ProblemCode.NATIVE_LIBRARY,
                    Place.nowhere(),
                    "inference.runtime.native-library",
                    Loader.getPlatform(),
                    String.valueOf(e.getMessage()));
        }
    }

    /// Computes a large matrix product in fp32 on the CPU, which libtorch leaves to OpenBLAS as a whole: for
    /// its time OpenBLAS has as many threads as libtorch.
    public static Tensor matrixProduct(Supplier<Tensor> product) {
        openblas_nolapack.blas_set_num_threads(torch.get_num_threads());
        try {
            return product.get();
        } finally {
            openblas_nolapack.blas_set_num_threads(1);
        }
    }

    /// Whether all values of a tensor are finite.
    public static boolean isFinite(Tensor tensor) {
        boolean[] finite = new boolean[1];
        Scoped.run(() -> finite[0] = torch.isfinite(tensor).all().item_bool());
        return finite[0];
    }

    /// Turns off what training needs, on this thread, until it is closed. Every computation runs inside one.
    public static InferenceMode inferenceMode() {
        return new InferenceMode(true);
    }
}
