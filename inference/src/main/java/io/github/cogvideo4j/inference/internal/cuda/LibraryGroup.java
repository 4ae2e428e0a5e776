package io.github.cogvideo4j.inference.internal.cuda;

import java.util.List;

/// Libraries that belong together and are taken whole from one place. The names and their versions are what
/// libtorch for CUDA 13 is linked with; the order is that in which they are opened, each after those that it
/// needs.
enum LibraryGroup {
    /// The toolkit.
    TOOLKIT(
            "CUDA 13",
            "libcudart.so.13",
            "libcupti.so.13",
            "libcublasLt.so.13",
            "libcublas.so.13",
            "libnvJitLink.so.13",
            "libcusparse.so.12",
            "libcusolver.so.12",
            "libcufft.so.12",
            "libcurand.so.10",
            "libcufile.so.0",
            "libnvrtc.so.13"),
    /// Communication between cards, which libtorch is linked with however many there are.
    NCCL("NCCL 2", "libnccl.so.2"),
    /// Convolutions and attention.
    CUDNN(
            "cuDNN 9",
            "libcudnn.so.9",
            "libcudnn_graph.so.9",
            "libcudnn_ops.so.9",
            "libcudnn_cnn.so.9",
            "libcudnn_adv.so.9",
            "libcudnn_heuristic.so.9",
            "libcudnn_engines_precompiled.so.9",
            "libcudnn_engines_runtime_compiled.so.9");

    /// The one that has parts which it opens by their bare names.
    static final String NVRTC = "libnvrtc.so.13";

    /// Its parts, of whatever version.
    static final String NVRTC_PARTS = "libnvrtc-builtins.so.*";

    /// The two that must lie in one folder.
    static final List<String> TWINS = List.of("libcublas.so.13", "libcublasLt.so.13");

    private final String title;

    @SuppressWarnings("ImmutableEnumChecker") // List.of() makes lists that cannot be changed
    private final List<String> libraries;

    LibraryGroup(String title, String... libraries) {
        this.title = title;
        this.libraries = List.of(libraries);
    }

    /// What it is called.
    String title() {
        return title;
    }

    /// The names of the files.
    List<String> libraries() {
        return libraries;
    }
}
