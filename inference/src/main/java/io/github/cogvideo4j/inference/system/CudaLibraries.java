package io.github.cogvideo4j.inference.system;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;

/// The shared libraries that libtorch for CUDA 13 is linked with.
final class CudaLibraries {
    /// The driver's own, which comes with it.
    static final String DRIVER = "libcuda.so.1";

    private static final List<String> RUNTIME = List.of(
            "libcudart.so.13",
            "libcublas.so.13",
            "libcublasLt.so.13",
            "libcudnn.so.9",
            "libnccl.so.2",
            "libcufft.so.12",
            "libcurand.so.10",
            "libcusparse.so.12",
            "libcusolver.so.12",
            "libcufile.so.0",
            "libnvrtc.so.13",
            "libcupti.so.13");

    private CudaLibraries() {}

    /// Those of the toolkit that the system's loader does not find.
    static List<String> missing() {
        return RUNTIME.stream().filter(name -> !loads(name)).toList();
    }

    /// Whether the system's loader finds a library.
    @SuppressWarnings("restricted") // asking the loader is the only way to know what it will say
    static boolean loads(String name) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup(name, arena);
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }
}
