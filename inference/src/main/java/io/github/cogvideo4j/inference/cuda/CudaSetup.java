package io.github.cogvideo4j.inference.cuda;

import java.util.Optional;

public final class CudaSetup {
    private CudaSetup() {}

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
}
