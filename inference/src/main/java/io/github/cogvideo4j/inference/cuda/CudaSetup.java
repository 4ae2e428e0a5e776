package io.github.cogvideo4j.inference.cuda;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.internal.cuda.CudaInstallation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The setup of CUDA for one user: libtorch for CUDA, and those of NVIDIA's libraries that nothing else on the
/// machine has, in a folder of the user's cache. Runs take them from there by themselves.
///
/// Nothing here opens a connection: archives come from whoever asks for the setup.
public final class CudaSetup {
    private CudaSetup() {}

    /// What a setup is to look at.
    ///
    /// @param environment the environment variables
    /// @param libraries   folders with libraries of CUDA, before all others; those that the setup before was given
    ///                    where it is empty
    /// @param python      the interpreter whose PyTorch is taken; the usual ones where it is empty
    public record Request(Map<String, String> environment, List<Path> libraries, Optional<Path> python) {
        /// Copies the collections.
        public Request {
            environment = Map.copyOf(environment);
            libraries = List.copyOf(libraries);
        }
    }

    /// What a machine has, and what a setup would fetch.
    ///
    /// @param folder          where it would put it
    /// @param findings        what was found and what is missing, in order
    /// @param fetched         the archives that are to be fetched, in that order
    /// @param python          the interpreter whose libraries are taken; empty where none has any
    /// @param pythonLibraries the folders of those libraries
    /// @param given           the folders that were given
    public record Plan(
            Path folder,
            List<Detected> findings,
            List<Artifact> fetched,
            String python,
            List<Path> pythonLibraries,
            List<Path> given) {
        /// Copies the lists.
        public Plan {
            findings = List.copyOf(findings);
            fetched = List.copyOf(fetched);
            pythonLibraries = List.copyOf(pythonLibraries);
            given = List.copyOf(given);
        }

        /// What is fetched, in bytes; partly about, see [Artifact].
        public long bytes() {
            return fetched.stream().mapToLong(Artifact::bytes).sum();
        }

        /// What it takes on the disk, in bytes.
        public long unpackedBytes() {
            return fetched.stream().mapToLong(Artifact::unpackedBytes).sum();
        }
    }

    /// One thing that computing on a card takes.
    ///
    /// @param name   its stable name: `cuda-driver`, `cuda-card`, `cuda-libtorch`, `cuda-libraries`
    /// @param found  what is here
    /// @param advice what to do about it, when it is not enough
    public record Detected(String name, Message found, Optional<Message> advice) {}

    /// A published archive of native libraries, by its coordinates in Maven repositories.
    ///
    /// @param group         the group
    /// @param name          the artifact
    /// @param version       its version
    /// @param classifier    the system and variant that it is for
    /// @param bytes         its size; about, where there is no hash
    /// @param unpackedBytes what it takes on the disk
    /// @param sha256        its hash in hexadecimal digits, where it is known
    public record Artifact(
            String group,
            String name,
            String version,
            String classifier,
            long bytes,
            long unpackedBytes,
            Optional<String> sha256) {
        /// The name of its file.
        public String fileName() {
            return name + "-" + version + "-" + classifier + ".jar";
        }

        /// Where it lies below the root of a repository, with slashes.
        public String path() {
            return group.replace('.', '/') + "/" + name + "/" + version + "/" + fileName();
        }

        /// Its coordinates as Maven takes them.
        public String coordinates() {
            return group + ":" + name + ":" + version + ":jar:" + classifier;
        }
    }

    /// A file that was fetched, not checked yet.
    ///
    /// @param file     the archive
    /// @param checksum what its repository says of it: SHA-1, SHA-256 or SHA-512 in hexadecimal digits; it counts
    ///                 only where the artifact has no hash
    public record Fetched(Path file, Optional<String> checksum) {}

    /// Something that fetches archives.
    @FunctionalInterface
    public interface Fetcher {
        /// Fetches an archive.
        ///
        /// @param folder  a folder of its own, which is deleted afterwards
        /// @param control counts bytes
        Fetched fetch(Artifact artifact, Path folder, JobControl control) throws IOException;
    }

    /// Looks at the machine. Nothing is fetched or written.
    ///
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException `device` where CUDA is not offered for
    /// this system
    public static Plan plan(Request request) {
        return CudaInstallation.of(request.environment()).plan(request);
    }

    /// Carries a plan out. Each archive is in place whole or not at all; what is there already stays.
    ///
    /// @return what is here afterwards
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException when something cannot be fetched, is not
    /// what it has to be, finds no room, or another setup is running
    public static List<Detected> install(Request request, Plan plan, Fetcher fetcher, JobControl control)
            throws IOException {
        return CudaInstallation.of(request.environment()).install(request, plan, fetcher, control);
    }

    /// Deletes what setups fetched for this version.
    ///
    /// @return the bytes that were deleted; nothing where there was no setup
    public static Optional<Long> remove(Map<String, String> environment) throws IOException {
        return CudaInstallation.of(environment).remove();
    }

    /// The folder of the setup.
    public static Path folder(Map<String, String> environment) {
        return CudaInstallation.of(environment).home().folder();
    }
}
