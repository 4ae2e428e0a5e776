package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.internal.staging.NewFolders;
import io.github.cogvideo4j.checkpoints.internal.staging.Staging;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Detected;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetched;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetcher;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Plan;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Request;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Setting CUDA up in a folder.
///
/// @param home     the folder
/// @param platform the system
/// @param driver   asks the driver
/// @param root     the root of the file system, for libraries of the system
/// @param artifacts what may be fetched
public record CudaInstallation(
        CudaHome home, String platform, Supplier<NvidiaDriver> driver, Path root, CudaArtifacts artifacts) {
    private static final String LOCK = ".setup.lock";

    /// The one of this user.
    public static CudaInstallation of(Map<String, String> environment) {
        return new CudaInstallation(
                CudaHome.of(environment),
                CudaDetection.platform(),
                NvidiaDriver::here,
                Path.of("/"),
                CudaArtifacts.PUBLISHED);
    }

    /// What is here, and what has to be fetched.
    public Plan plan(Request request) {
        if (!platform.equals(CudaDetection.PLATFORM)) {
            CudaStep refused = detection(LibrarySearch.NOWHERE).steps().getFirst();
            throw new MissingCapabilityException(new Problem(
                    ProblemCode.DEVICE,
                    Place.nowhere(),
                    Message.of(
                            "inference.cuda.not-offered",
                            refused.found(),
                            refused.advice().orElseThrow())));
        }
        Optional<PythonPackages> python = PythonPackages.best(request.python()
                .map(given -> List.of(given.toAbsolutePath()))
                .orElseGet(() -> PythonPackages.interpreters(request.environment())));
        CudaHome.Noted noted = new CudaHome.Noted(
                request.libraries().isEmpty() ? home.noted().given() : absolute(request.libraries()),
                python.map(found -> found.interpreter().toString()).orElse(""),
                python.map(PythonPackages::folders).orElse(List.of()));
        LibrarySearch search = search(request, noted);
        List<Artifact> fetched = new ArrayList<>();
        for (LibraryGroup group : LibraryGroup.values()) {
            if (search.whole(group).isEmpty()) {
                artifacts.of(group).stream()
                        .filter(artifact -> !home.has(artifact))
                        .forEach(fetched::add);
            }
        }
        if (!home.hasNatives()) {
            fetched.add(artifacts.libtorch());
        }
        return new Plan(
                home.folder(),
                findings(detection(search)),
                fetched,
                noted.interpreter(),
                noted.python(),
                noted.given());
    }

    private LibrarySearch search(Request request, CudaHome.Noted noted) {
        return LibrarySearch.of(request.environment(), home, noted, root);
    }

    private CudaDetection detection(LibrarySearch search) {
        return CudaDetection.of(platform, driver.get(), search, home, OptionalInt.empty());
    }

    private static List<Path> absolute(List<Path> folders) {
        return folders.stream()
                .map(folder -> folder.toAbsolutePath().normalize())
                .toList();
    }

    private static List<Detected> findings(CudaDetection detection) {
        return detection.steps().stream()
                .map(step -> new Detected(step.name(), step.found(), step.advice()))
                .toList();
    }

    /// Fetches, checks, unpacks and notes.
    public List<Detected> install(Request request, Plan plan, Fetcher fetcher, JobControl control) throws IOException {
        CudaHome.Noted noted = new CudaHome.Noted(plan.given(), plan.python(), plan.pythonLibraries());
        NewFolders made = NewFolders.create(home.folder());
        try (Lock _ = Lock.take(home.folder())) {
            requireRoom(plan);
            for (Artifact artifact : plan.fetched()) {
                if (!home.has(artifact)) {
                    install(artifact, fetcher, control);
                }
            }
            home.note(noted);
        } finally {
            made.removeEmpty();
        }
        LibrarySearch search = search(request, noted);
        for (LibraryGroup group : LibraryGroup.values()) {
            if (search.whole(group).isEmpty()) {
                throw new MissingCapabilityException(
                        ProblemCode.NATIVE_LIBRARY,
                        Place.of(home.folder()),
                        "inference.cuda.still-lacking",
                        search.lacking(group));
            }
        }
        return findings(detection(search));
    }

    private void requireRoom(Plan plan) throws IOException {
        long largest = plan.fetched().stream().mapToLong(Artifact::bytes).max().orElse(0);
        long needed = plan.unpackedBytes() + largest;
        long free = Files.getFileStore(home.folder()).getUsableSpace();
        if (free < needed) {
            throw new MissingCapabilityException(
                    ProblemCode.NO_SPACE,
                    Place.of(home.folder()),
                    "inference.cuda.room",
                    gigabytes(needed),
                    gigabytes(free),
                    CudaHome.VARIABLE);
        }
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }

    /// Puts an archive's libraries in place, in one step.
    private void install(Artifact artifact, Fetcher fetcher, JobControl control) throws IOException {
        Path target = home.of(artifact);
        FolderDeletion.delete(target); // what a damaged disk or a hand left of it
        try (Staging staging = Staging.create(target, false)) {
            Path download = Files.createDirectory(staging.folder().resolve(".download"));
            control.begin(SetupPhase.SETUP_FETCH, artifact.bytes());
            Fetched fetched = fetcher.fetch(artifact, download, control);
            NativeArchive archive = new NativeArchive(artifact, fetched.file());
            archive.check(fetched, control);
            archive.unpack(staging.folder(), control);
            FolderDeletion.delete(download);
            staging.publish();
        } catch (OutputException e) {
            if (!home.has(artifact)) { // a setup on another machine with the same home was first
                throw e;
            }
        }
    }

    /// Deletes everything.
    public Optional<Long> remove() throws IOException {
        if (!Files.isDirectory(home.folder())) {
            return Optional.empty();
        }
        long bytes;
        try (Lock _ = Lock.take(home.folder());
                Stream<Path> files = Files.walk(home.folder())) {
            bytes = files.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
            FolderDeletion.delete(home.folder());
        }
        return Optional.of(bytes);
    }

    /// One setup at a time in a folder; the operating system lets go of it when a process ends, however it
    /// ends.
    private record Lock(Path file, FileChannel channel) implements AutoCloseable {
        static Lock take(Path folder) throws IOException {
            Path file = folder.resolve(LOCK);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                FileLock lock = channel.tryLock();
                if (lock != null) {
                    return new Lock(file, channel);
                }
            } catch (OverlappingFileLockException _) {
                // held by this very process
            } catch (IOException e) {
                channel.close();
                throw e;
            }
            channel.close();
            throw new MissingCapabilityException(ProblemCode.OUTPUT_REFUSED, Place.of(folder), "inference.cuda.busy");
        }

        @Override
        public void close() throws IOException {
            Files.deleteIfExists(file);
            channel.close();
        }
    }
}
