package io.github.cogvideo4j.benchmarks.inference;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// The memory of this process, as `/proc/self/status` tells it. Linux only.
final class ProcessMemory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private ProcessMemory() {}

    /// Memory of its own: no pages of files.
    static long anonymousMiB() {
        return mebibytes("RssAnon:");
    }

    /// The most that was resident, pages of files included.
    static long highWaterMiB() {
        return mebibytes("VmHWM:");
    }

    private static long mebibytes(String field) {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(field))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
