package io.github.cogvideo4j.inference.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Detected;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetched;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetcher;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Plan;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Request;
import io.github.cogvideo4j.testing.Attack;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Setups with small archives of the published ones' form.
class CudaInstallationTest {
    private static final String IN_PYTORCH = "org/bytedeco/pytorch/linux-x86_64-gpu/";
    private static final String IN_CUDA = "org/bytedeco/cuda/linux-x86_64/";
    private static final List<String> NATIVES = List.of(
            "libc10.so", "libc10_cuda.so", "libtorch.so", "libtorch_cpu.so", "libtorch_cuda.so", "libjnitorch.so");
    private static final NvidiaDriver DRIVER = new NvidiaDriver(
            NvidiaDriver.State.PRESENT, 0, 13_000, List.of(new NvidiaDriver.Card("A card", 1L << 34, 9, 0)));

    @TempDir
    private Path temporary;

    private CudaHome home;
    private final Map<String, byte[]> archives = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private Artifact libtorch;
    private CudaInstallation installation;
    private final Request request = new Request(Map.of(), List.of(), Optional.empty());

    @BeforeEach
    void publish() throws IOException {
        home = new CudaHome(temporary.resolve("cache/cuda/1"));
        libtorch = publish("pytorch", "linux-x86_64-gpu", zip(IN_PYTORCH, NATIVES), true);
        Map<LibraryGroup, List<Artifact>> libraries = new HashMap<>();
        for (LibraryGroup group : LibraryGroup.values()) {
            String name = CudaArtifacts.PUBLISHED.of(group).getFirst().name();
            libraries.put(group, List.of(publish(name, "linux-x86_64", zip(IN_CUDA, group.libraries()), false)));
        }
        installation = new CudaInstallation(
                home,
                CudaDetection.PLATFORM,
                () -> DRIVER,
                temporary.resolve("nowhere"),
                new CudaArtifacts(libtorch, libraries));
    }

    private Artifact publish(String name, String classifier, byte[] bytes, boolean pinned) {
        Artifact artifact = new Artifact(
                "org.bytedeco",
                name,
                "1",
                classifier,
                bytes.length,
                1000,
                pinned ? Optional.of(hash("SHA-256", bytes)) : Optional.empty());
        archives.put(name, bytes);
        return artifact;
    }

    private static byte[] zip(String folder, List<String> names) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("META-INF/MANIFEST.MF", new byte[0]);
        names.forEach(name -> entries.put(folder + name, name.getBytes(StandardCharsets.UTF_8)));
        return zip(entries);
    }

    private static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey()));
                out.write(entry.getValue());
                out.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static String hash(String algorithm, byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// A repository that works.
    private Fetched fetch(Artifact artifact, Path folder, JobControl control) throws IOException {
        asked.add(artifact.name());
        byte[] bytes = archives.get(artifact.name());
        control.advance(bytes.length);
        return new Fetched(Files.write(folder.resolve(artifact.fileName()), bytes), Optional.of(hash("SHA-1", bytes)));
    }

    private List<Detected> install(Fetcher fetcher) throws IOException {
        return installation.install(request, installation.plan(request), fetcher, JobControl.none());
    }

    private void refused(Fetcher fetcher, ProblemCode code, String message) throws IOException {
        Path cache = temporary.resolve("cache");
        List<String> before = files(cache);
        assertThatThrownBy(() -> install(fetcher)).isInstanceOfSatisfying(MissingCapabilityException.class, e -> {
            assertThat(e.problem().message().text()).matches(message);
            assertThat(e.problem().code()).isEqualTo(code);
        });
        assertThat(files(cache)).isEqualTo(before);
    }

    private static List<String> files(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.map(file -> folder.relativize(file).toString()).sorted().toList();
        }
    }

    @Test
    void allThatIsMissingIsFetchedOnceAndThenFound() throws IOException {
        Plan plan = installation.plan(request);
        assertThat(plan.fetched()).hasSize(4).last().isEqualTo(libtorch);
        assertThat(plan.bytes())
                .isEqualTo(archives.values().stream()
                        .mapToLong(bytes -> bytes.length)
                        .sum());
        List<Detected> after = installation.install(request, plan, this::fetch, JobControl.none());
        assertThat(after).allMatch(finding -> finding.advice().isEmpty());
        assertThat(files(home.folder())).noneMatch(name -> name.startsWith(".") || name.endsWith(".jar"));
        assertThat(home.natives().resolve("libtorch_cuda.so")).hasContent("libtorch_cuda.so");
        assertThat(asked).hasSize(4);
        assertThat(installation.plan(request).fetched()).isEmpty();
        install(this::fetch);
        assertThat(asked).hasSize(4);
    }

    @Test
    void whatTheMachineHasIsNotFetched() throws IOException {
        Path own = Files.createDirectories(temporary.resolve("own"));
        for (LibraryGroup group : List.of(LibraryGroup.TOOLKIT, LibraryGroup.NCCL)) {
            for (String library : group.libraries()) {
                Files.write(own.resolve(library), new byte[0]);
            }
        }
        Request given = new Request(Map.of(), List.of(own), Optional.empty());
        Plan plan = installation.plan(given);
        assertThat(plan.fetched().stream().map(Artifact::name)).containsExactly("cuda-redist-cudnn", "pytorch");
        installation.install(given, plan, this::fetch, JobControl.none());
        // A later setup that names no folders keeps them, and so does a start.
        assertThat(home.noted().given()).containsExactly(own);
        assertThat(installation.plan(request).fetched()).isEmpty();
    }

    @Test
    void aDamagedDownloadLeavesNothing() throws IOException {
        refused(
                (artifact, folder, control) -> {
                    byte[] bytes = archives.get(artifact.name()).clone();
                    bytes[bytes.length / 2] ^= 1;
                    return new Fetched(
                            Files.write(folder.resolve("x"), bytes),
                            Optional.of(hash("SHA-1", archives.get(artifact.name()))));
                },
                ProblemCode.BAD_CRC,
                "cuda-redist-cublas-1-linux-x86_64.jar is damaged: its SHA-1 is [0-9a-f]{40}, not [0-9a-f]{40}; fetch it"
                        + " again");
    }

    @Test
    void theKnownHashCountsAndNotWhatARepositorySays() throws IOException {
        install(this::fetch);
        Files.delete(home.natives().resolve("libtorch_cpu.so"));
        byte[] other = zip(IN_PYTORCH, NATIVES.reversed());
        refusedPytorch(other, "pytorch-1-linux-x86_64-gpu.jar is damaged: its SHA-256 is .*");
        assertThat(installation.plan(request).fetched()).containsExactly(libtorch);
        install(this::fetch);
        assertThat(home.hasNatives()).isTrue();
    }

    private void refusedPytorch(byte[] bytes, String message) {
        assertThatThrownBy(() -> install((artifact, folder, control) ->
                        new Fetched(Files.write(folder.resolve("x"), bytes), Optional.of(hash("SHA-256", bytes)))))
                .isInstanceOfSatisfying(
                        MissingCapabilityException.class,
                        e -> assertThat(e.problem().message().text()).matches(message));
        assertThat(home.natives()).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"''", "abc", "zz", "d41d8cd98f00b204e9800998ecf8427e"})
    void withoutAChecksumNothingIsTaken(String checksum) throws IOException {
        refused(
                (artifact, folder, control) -> new Fetched(
                        fetch(artifact, folder, control).file(),
                        checksum.isEmpty() ? Optional.empty() : Optional.of(checksum)),
                ProblemCode.BAD_CRC,
                "there is no checksum to hold cuda-redist-cublas-1-linux-x86_64.jar to; put the .sha256 or .sha1 file of"
                        + " its repository beside it");
    }

    @Test
    void anInterruptedSetupIsTakenUpWhereItWas() throws IOException {
        Cancellation cancellation = new Cancellation();
        Plan plan = installation.plan(request);
        Fetcher interrupted = (artifact, folder, control) -> {
            if (asked.size() == 2) {
                Files.write(folder.resolve("half"), new byte[10]);
                cancellation.cancel();
            }
            return fetch(artifact, folder, control);
        };
        assertThatThrownBy(
                        () -> installation.install(request, plan, interrupted, new JobControl(_ -> {}, cancellation)))
                .isInstanceOf(CancelledException.class);
        assertThat(files(home.folder())).noneMatch(name -> name.startsWith("."));
        assertThat(installation.plan(request).fetched()).hasSize(2);
        install(this::fetch);
        assertThat(asked).hasSize(5);
        assertThat(installation.plan(request).fetched()).isEmpty();
    }

    @Test
    void aFullDiskLeavesNothing() throws IOException {
        assertThatThrownBy(() -> install((artifact, folder, control) -> {
                    Files.write(folder.resolve("half"), new byte[10]);
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(IOException.class);
        assertThat(temporary.resolve("cache")).doesNotExist();
    }

    @Test
    void tooSmallADiskIsToldBefore() throws IOException {
        Artifact huge = new Artifact("g", "pytorch", "1", "c", 1L << 60, 1L << 60, Optional.of("00"));
        CudaInstallation large = new CudaInstallation(
                home,
                CudaDetection.PLATFORM,
                () -> DRIVER,
                temporary.resolve("nowhere"),
                new CudaArtifacts(huge, Map.of()));
        assertThatThrownBy(() -> large.install(request, large.plan(request), this::fetch, JobControl.none()))
                .isInstanceOfSatisfying(MissingCapabilityException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.NO_SPACE);
                    assertThat(e.problem().message().text())
                            .startsWith("the setup needs 2305843009.2 GB of free space, and ")
                            .endsWith("set the variable COGVIDEO_CUDA_HOME to a folder on another disk");
                });
        assertThat(asked).isEmpty();
        assertThat(temporary.resolve("cache")).doesNotExist();
    }

    @Test
    void twoSetupsAtOnceDoNotMeet() throws IOException {
        List<String> told = new ArrayList<>();
        install((artifact, folder, control) -> {
            assertThatThrownBy(() -> install(this::fetch))
                    .isInstanceOfSatisfying(
                            MissingCapabilityException.class,
                            e -> told.add(e.problem().message().text()));
            assertThatThrownBy(() -> installation.remove()).isInstanceOf(MissingCapabilityException.class);
            return fetch(artifact, folder, control);
        });
        assertThat(told).hasSize(4).containsOnly("another setup is running in this folder; wait until it ends");
        assertThat(installation.plan(request).fetched()).isEmpty();
    }

    @Test
    void itIsRemovedAsAWhole() throws IOException {
        assertThat(installation.remove()).isEmpty();
        install(this::fetch);
        assertThat(installation.remove().orElseThrow()).isPositive();
        assertThat(home.folder()).doesNotExist();
        assertThat(installation.plan(request).fetched()).hasSize(4);
    }

    @Test
    void anArchiveThatLacksALibraryIsNotEnough() throws IOException {
        List<String> fewer = LibraryGroup.CUDNN.libraries().stream()
                .filter(library -> !library.contains("ops"))
                .toList();
        archives.put("cuda-redist-cudnn", zip(IN_CUDA, fewer));
        assertThatThrownBy(() -> install(this::fetch))
                .isInstanceOfSatisfying(
                        MissingCapabilityException.class,
                        e -> assertThat(e.problem().message().text())
                                .startsWith(
                                        "CUDA is not complete after the setup: cuDNN 9 is not complete anywhere: what the"
                                                + " setup fetched lacks libcudnn_ops.so.9; install a PyTorch for CUDA 13"));
    }

    @Test
    void otherSystemsAreRefusedBeforeAnythingIsFetched() {
        CudaInstallation windows =
                new CudaInstallation(home, "windows-x86_64", () -> DRIVER, temporary, CudaArtifacts.PUBLISHED);
        assertThatThrownBy(() -> windows.plan(request))
                .isInstanceOfSatisfying(
                        MissingCapabilityException.class,
                        e -> assertThat(e.problem().message().text())
                                .startsWith("libtorch for CUDA is not offered for windows-x86_64; use WSL 2"));
    }

    private void hostile(Map<String, byte[]> entries, String message) throws IOException {
        archives.put("cuda-redist-cublas", zip(entries));
        refused(this::fetch, ProblemCode.ZIP_STRUCTURE, message);
        assertThat(temporary.resolve("cache")).doesNotExist();
        assertThat(files(temporary)).noneMatch(name -> name.contains("evil"));
    }

    @Attack(
            name = "archive-slip",
            tries = "an archive of native libraries with names such as `../../evil.so`, `/evil.so` or with backslashes",
            fails = "such a name is refused, and of an honest one only the last part becomes the name of a file")
    @ParameterizedTest
    @CsvSource({
        "org/bytedeco/cuda/linux-x86_64/../../../../evil.so",
        "../evil.so",
        "/tmp/evil.so",
        "org\\bytedeco\\evil.so",
        "org/bytedeco/cuda/linux-x86_64/..\\evil.so"
    })
    void namesThatLeaveTheFolder(String name) throws IOException {
        hostile(Map.of(name, new byte[1]), ".* holds .*evil.so, a name that leaves its folder");
    }

    @Attack(
            name = "archive-bomb",
            tries = "an archive of native libraries that unpacks to far more than it should",
            fails =
                    "what is written is counted, whatever the archive says of itself, and ends at four times the size that"
                            + " is expected")
    @Test
    void whatUnpacksToTooMuch() throws IOException {
        hostile(
                Map.of(IN_CUDA + "libevil.so", new byte[100_000]),
                ".* unpacks to more than 4000 bytes, far more than was expected");
    }

    @Attack(
            name = "archive-two-of-a-name",
            tries =
                    "two libraries of one name in an archive, of which one program checks the one and another loads the other",
            fails = "a name that comes twice is refused")
    @Test
    void twoOfAName() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("org/bytedeco/cuda/linux-x86_64/libevil.so", new byte[1]);
        entries.put("org/bytedeco/other/linux-x86_64/libevil.so", new byte[2]);
        hostile(entries, ".* holds libevil.so twice");
    }

    @Test
    void whatIsNoArchiveIsToldSo() throws IOException {
        archives.put("cuda-redist-cublas", "<html>".repeat(20).getBytes(StandardCharsets.UTF_8));
        refused(this::fetch, ProblemCode.ZIP_STRUCTURE, ".* is not a readable archive: .*; fetch it again");
        archives.put("cuda-redist-cublas", zip(Map.of("org/bytedeco/cuda/windows-x86_64/cublas.dll", new byte[1])));
        refused(this::fetch, ProblemCode.ZIP_STRUCTURE, ".* holds no libraries for this system");
    }

    @Test
    void aFileFarTooLargeIsNotEvenRead() throws IOException {
        archives.put("cuda-redist-cublas", new byte[1_000_000]);
        refused(
                this::fetch,
                ProblemCode.ZIP_STRUCTURE,
                ".* has 1000000 bytes, far more than was expected; fetch it again");
    }
}
