package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The archives that a setup may fetch: libtorch for CUDA, and NVIDIA's libraries for whom nothing else has
/// them.
///
/// Those without a hash could not be fetched where this was written; they are held to the repository's own
/// checksum.
///
/// @param libtorch  libtorch with its JNI library
/// @param libraries NVIDIA's libraries, by the group that they are of; what is surest to be published comes
///                  last
public record CudaArtifacts(Artifact libtorch, Map<LibraryGroup, List<Artifact>> libraries) {
    private static final String GROUP = "org.bytedeco";
    private static final String SYSTEM = "linux-x86_64";
    private static final String CUDA = "13.3-9.25-1.5.14";

    /// What is published for the version of libtorch that the program is built with. Sizes without a hash are
    /// about those of NVIDIA's own packages.
    static final CudaArtifacts PUBLISHED = new CudaArtifacts(
            new Artifact(
                    GROUP,
                    "pytorch",
                    "2.13.0-1.5.14",
                    SYSTEM + "-gpu",
                    455_212_837L,
                    863_653_182L,
                    Optional.of("ad73951d6ccfbb5a1ec47b80458c818ba27ebcadd0a0cd1a8a419008c59f08e7")),
            Map.of(
                    LibraryGroup.TOOLKIT,
                    List.of(
                            library("cuda-redist-cublas", 430_000_000L, 640_000_000L),
                            library("cuda-redist-cusolver", 210_000_000L, 330_000_000L),
                            library("cuda-redist-cusparse", 150_000_000L, 250_000_000L),
                            new Artifact(
                                    GROUP,
                                    "cuda-redist",
                                    CUDA,
                                    SYSTEM,
                                    343_544_174L,
                                    633_164_273L,
                                    Optional.of("244c726e449fc18a1f8a710afbf8784812956c074e4bb4ae2c4f4dd6152cdac9"))),
                    LibraryGroup.NCCL,
                    List.of(library("cuda-redist-nccl", 200_000_000L, 400_000_000L)),
                    LibraryGroup.CUDNN,
                    List.of(library("cuda-redist-cudnn", 510_000_000L, 620_000_000L))));

    /// Copies the map.
    public CudaArtifacts {
        libraries = Map.copyOf(libraries);
    }

    private static Artifact library(String name, long bytes, long unpackedBytes) {
        return new Artifact(GROUP, name, CUDA, SYSTEM, bytes, unpackedBytes, Optional.empty());
    }

    /// Those that a group of libraries is in.
    List<Artifact> of(LibraryGroup group) {
        return libraries.getOrDefault(group, List.of());
    }
}
