package io.github.cogvideo4j.checkpoints.internal.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What shows that a trainer is at work in a run.
public interface TrainerActivity {
    /// A program that has a file of the run open for writing.
    ///
    /// @param process its number
    /// @param file    the file
    record Writer(long process, Path file) {}

    /// A program that writes below a folder, as far as this system tells.
    ///
    /// @param run the folder, without links
    Optional<Writer> writer(Path run) throws IOException;

    /// Waits as long as a file that is being written does not change its size or time at most.
    void waitForChanges() throws IOException;

    /// This machine: open files by `/proc`, where there is one, and the clock.
    ///
    /// @param processes the folder in which the system shows each process
    /// @param window    how long to wait
    record OfThisMachine(Path processes, Duration window) implements TrainerActivity {
        private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");
        private static final Pattern FLAGS = Pattern.compile("flags:\\s*([0-7]{1,20})");
        /// `O_WRONLY` or `O_RDWR`.
        private static final long WRITING = 3;

        /// The usual places.
        public static OfThisMachine standard() {
            return new OfThisMachine(Path.of("/proc"), Duration.ofSeconds(2));
        }

        @Override
        public Optional<Writer> writer(Path run) throws IOException {
            if (!Files.isDirectory(processes)) {
                return Optional.empty();
            }
            long own = ProcessHandle.current().pid();
            try (DirectoryStream<Path> all = Files.newDirectoryStream(processes)) {
                for (Path process : all) {
                    String name = String.valueOf(process.getFileName());
                    if (NUMBER.matcher(name).matches() && Long.parseLong(name) != own) {
                        Optional<Path> file = openFile(process, run);
                        if (file.isPresent()) {
                            return Optional.of(new Writer(Long.parseLong(name), file.get()));
                        }
                    }
                }
            }
            return Optional.empty();
        }

        /// Processes end while they are looked at, and those of others do not show their files.
        private static Optional<Path> openFile(Path process, Path run) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
                for (Path file : files) {
                    Optional<Path> target = target(file);
                    if (target.filter(path -> path.startsWith(run)).isPresent()
                            && isWritten(process.resolve("fdinfo").resolve(file.getFileName()))) {
                        return target;
                    }
                }
                return Optional.empty();
            } catch (IOException | RuntimeException _) {
                return Optional.empty();
            }
        }

        private static Optional<Path> target(Path file) {
            try {
                return Optional.of(Files.readSymbolicLink(file));
            } catch (IOException | RuntimeException _) {
                return Optional.empty();
            }
        }

        private static boolean isWritten(Path info) {
            try {
                Matcher flags = FLAGS.matcher(Files.readString(info));
                return flags.find() && (Long.parseLong(flags.group(1), 8) & WRITING) != 0;
            } catch (IOException | RuntimeException _) {
                return false;
            }
        }

        @Override
        public void waitForChanges() throws IOException {
            try {
                Thread.sleep(window);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException(e.getMessage());
            }
        }
    }
}
