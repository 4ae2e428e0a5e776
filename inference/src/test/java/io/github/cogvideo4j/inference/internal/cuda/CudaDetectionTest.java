package io.github.cogvideo4j.inference.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.internal.cuda.NvidiaDriver.Card;
import io.github.cogvideo4j.inference.internal.cuda.NvidiaDriver.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What stands in the way of a card, step by step.
class CudaDetectionTest {
    private static final Card CARD = new Card("A card", 141L << 30, 9, 0);
    private static final Card OLD = new Card("Old card", 16L << 30, 7, 0);

    @TempDir
    private Path temporary;

    private CudaHome home;
    private Path libraries;

    @BeforeEach
    void setUp() throws IOException {
        home = new CudaHome(temporary.resolve("home"));
        Files.createDirectories(home.natives());
        for (String name : List.of(
                "libc10.so",
                "libc10_cuda.so",
                "libtorch.so",
                "libtorch_cpu.so",
                "libtorch_cuda.so",
                "libjnitorch.so")) {
            Files.write(home.natives().resolve(name), new byte[0]);
        }
        libraries = Files.createDirectories(temporary.resolve("cuda"));
        for (LibraryGroup group : LibraryGroup.values()) {
            for (String library : group.libraries()) {
                Files.write(libraries.resolve(library), new byte[0]);
            }
        }
    }

    private CudaDetection detect(NvidiaDriver driver, int card) {
        LibrarySearch search = LibrarySearch.of(
                Map.of(LibrarySearch.VARIABLE, libraries.toString()), home, temporary.resolve("nowhere"));
        return CudaDetection.of(
                CudaDetection.PLATFORM, driver, search, home, card < 0 ? OptionalInt.empty() : OptionalInt.of(card));
    }

    private static NvidiaDriver driver(int version, Card... cards) {
        return new NvidiaDriver(State.PRESENT, 0, version, List.of(cards));
    }

    private static NvidiaDriver driver(State state, int code, int version) {
        return new NvidiaDriver(state, code, version, List.of());
    }

    private static void gap(CudaDetection detection, String step, String found, String advice) {
        CudaStep gap = detection.gap().orElseThrow();
        assertThat(gap.name()).isEqualTo(step);
        assertThat(gap.found().text()).isEqualTo(found);
        assertThat(gap.advice().orElseThrow().text()).isEqualTo(advice);
    }

    @Test
    void allThatIsNeededIsToldAndThereIsNoGap() {
        CudaDetection detection = detect(driver(13_020, CARD), -1);
        assertThat(detection.gap()).isEmpty();
        assertThat(detection.card()).hasValue(0);
        assertThat(detection.steps().stream()
                        .map(step -> step.name() + ": " + step.found().text()))
                .containsExactly(
                        "cuda-driver: the NVIDIA driver is for CUDA 13.2",
                        "cuda-card: cards: A card (sm_90, 151.4 GB)",
                        "cuda-libtorch: libtorch for CUDA is in " + home.natives(),
                        "cuda-libraries: CUDA 13, NCCL 2, cuDNN 9 from " + LibrarySearch.VARIABLE);
    }

    @Test
    void drivers() {
        String install = "install the NVIDIA driver, version 580 or newer, which CUDA 13 needs";
        gap(
                detect(driver(State.ABSENT, 0, 0), -1),
                "cuda-driver",
                "libcuda.so.1 was not found: no NVIDIA driver is installed",
                install);
        gap(
                detect(driver(State.KERNEL_ONLY, 0, 0), -1),
                "cuda-driver",
                "the NVIDIA driver is running, but this container does not have its libraries",
                "start the container with access to the GPUs (in Docker all of them, with the option gpus)");
        gap(
                detect(driver(12_080, CARD), -1),
                "cuda-driver",
                "the NVIDIA driver is too old: it is for CUDA 12.8, and 13.0 is needed",
                install);
        gap(
                detect(driver(State.REFUSES, 803, 13_000), -1),
                "cuda-driver",
                "the NVIDIA driver does not start: cuInit returns 803",
                "restart the machine: the driver was updated, and the old one is still running");
        gap(
                detect(driver(State.REFUSES, 999, 13_000), -1),
                "cuda-driver",
                "the NVIDIA driver does not start: cuInit returns 999",
                "see whether nvidia-smi works; restart the machine or the container");
        gap(
                detect(driver(State.REFUSES, 803, 12_040), -1),
                "cuda-driver",
                "the NVIDIA driver does not start: cuInit returns 803",
                install);
        gap(
                detect(driver(State.INCOMPLETE, 0, 0), -1),
                "cuda-driver",
                "the NVIDIA driver lacks functions that every driver for CUDA 13 has",
                install);
    }

    @Test
    void cards() {
        gap(
                detect(driver(13_000), -1),
                "cuda-card",
                "the NVIDIA driver lists no card",
                "see whether nvidia-smi lists one, and whether CUDA_VISIBLE_DEVICES hides it");
        gap(
                detect(driver(13_000, OLD), -1),
                "cuda-card",
                "Old card has compute capability 7.0, which is too old",
                "use a card with compute capability 7.5 or newer (RTX 20 series and later), or the CPU");
        gap(
                detect(driver(13_000, new Card("Later", 1, 14, 0)), 0),
                "cuda-card",
                "Later has compute capability 14.0, for which this libtorch has no machine code",
                "use a newer version of this program, another card, or the CPU");
        gap(
                detect(driver(13_000, CARD), 1),
                "cuda-card",
                "there is only 1 CUDA device, numbered 0 to 0",
                "choose one of those");
        gap(
                detect(driver(13_000, OLD, CARD), 0),
                "cuda-card",
                "Old card has compute capability 7.0, which is too old",
                "use a card with compute capability 7.5 or newer (RTX 20 series and later), or the CPU");
        assertThat(detect(driver(13_000, OLD, CARD), -1).card()).hasValue(1);
        assertThat(detect(driver(13_000, OLD, CARD), 1).card()).hasValue(1);
    }

    @ParameterizedTest
    @CsvSource({
        "7, 0, false", "7, 2, false", "7, 5, true", "8, 0, true", "8, 6, true", "8, 9, true", "9, 0, true",
        "10, 0, true", "10, 3, true", "11, 0, false", "12, 0, true", "12, 1, true", "13, 0, false", "6, 1, false"
    })
    void machineCodeRunsWithinItsMajorVersion(int major, int minor, boolean runs) {
        assertThat(detect(driver(13_000, new Card("c", 1, major, minor)), -1)
                        .card()
                        .isPresent())
                .isEqualTo(runs);
    }

    @Test
    void nothingSetUpIsOfferedTheSetup() throws IOException {
        Files.delete(home.natives().resolve("libtorch_cuda.so"));
        CudaDetection detection = detect(driver(13_000, CARD), -1);
        gap(detection, "cuda-libtorch", "libtorch for CUDA is not set up", "set it up once");
        assertThat(detection.gap().orElseThrow().remedies()).containsExactly(new Remedy.SetUpCuda());
        assertThat(detection.seesCard()).isTrue();
    }

    @Test
    void aMissingLibraryIsNamed() throws IOException {
        Files.delete(libraries.resolve("libcudnn_ops.so.9"));
        CudaDetection detection = detect(driver(13_000, CARD), -1);
        gap(
                detection,
                "cuda-libraries",
                "cuDNN 9 is not complete anywhere: COGVIDEO_CUDA_LIBRARIES lacks libcudnn_ops.so.9",
                "install a PyTorch for CUDA 13 and set it up again, or let the setup fetch what is missing");
        assertThat(detection.gap().orElseThrow().remedies()).containsExactly(new Remedy.SetUpCuda());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "macosx-arm64 | use the device mps (Metal) on a Mac with Apple silicon, or the CPU",
                "windows-x86_64 | use WSL 2, where the instructions for Linux apply, or the CPU; NVIDIA’s libraries as"
                        + " published for Windows are incomplete",
                "linux-arm64 | use Linux on x86_64, or the CPU"
            })
    void otherSystemsAreRefusedByName(String platform, String advice) {
        CudaDetection detection = CudaDetection.of(
                platform, driver(13_000, CARD), new LibrarySearch(List.of()), home, OptionalInt.empty());
        gap(detection, "cuda-driver", "libtorch for CUDA is not offered for " + platform, advice);
        assertThat(detection.seesCard()).isFalse();
    }

    @Test
    void whatCannotBeOpenedIsToldInTheWordsOfTheLoader() {
        assumeThat(CudaDetection.platform()).startsWith("linux-");
        assertThat(SharedLibrary.open(libraries.resolve("libcudart.so.13")).orElseThrow())
                .contains("libcudart.so.13")
                .contains("file too short");
        assertThat(SharedLibrary.open(libraries.resolve("libnone.so")).orElseThrow())
                .contains("libnone.so");
    }
}
