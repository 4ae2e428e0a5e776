package io.github.cogvideo4j.benchmarks.conversion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The time and memory that a process took, start included.
///
/// @param seconds      from its start to its end
/// @param cpuSeconds   of all its threads, user and system, as the kernel counted them
/// @param anonymousMiB the most memory of its own that it had in RAM: heap, buffers, compiled code; the pages
///                     of mapped files (jars, the class cache, libraries) not counted. Sampled every 5 ms
/// @param residentMiB  the kernel's own high-water mark of everything, mapped files included
record ProcessMeasurement(double seconds, double cpuSeconds, double anonymousMiB, double residentMiB) {
    private static final int SAMPLE_MILLIS = 5;
    private static final double TICKS = 100;

    /// Runs a command and waits for it. Linux only: what is known of a process is in `/proc`.
    ///
    /// @throws IOException when it does not exit with 0
    static ProcessMeasurement of(List<String> command) throws IOException, InterruptedException {
        long cpuBefore = childrenTicks();
        long start = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        long anonymous = 0;
        long resident = 0;
        while (!process.waitFor(SAMPLE_MILLIS, java.util.concurrent.TimeUnit.MILLISECONDS)) {
            try {
                for (String line : Files.readAllLines(status)) {
                    if (line.startsWith("RssAnon:")) {
                        anonymous = Math.max(anonymous, kibibytes(line));
                    } else if (line.startsWith("VmHWM:")) {
                        resident = Math.max(resident, kibibytes(line));
                    }
                }
            } catch (IOException _) {
                // It ended meanwhile.
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        if (process.exitValue() != 0) {
            throw new IOException(command + " ended with " + process.exitValue());
        }
        return new ProcessMeasurement(
                seconds, (childrenTicks() - cpuBefore) / TICKS, anonymous / 1024.0, resident / 1024.0);
    }

    private static long kibibytes(String line) {
        return Long.parseLong(line.replaceAll("\\D", ""));
    }

    /// `cutime` and `cstime` of proc(5): what children that have ended took. The command's name, in brackets,
    /// may hold spaces.
    private static long childrenTicks() throws IOException {
        String stat = Files.readString(Path.of("/proc/self/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[13]) + Long.parseLong(fields[14]);
    }
}
