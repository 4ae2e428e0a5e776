package io.github.cogvideo4j.inference.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The machine's memory, as far as the system reports it.
public final class MachineMemory {
    private static final Path SYSTEM = Path.of("/proc/meminfo");
    private static final Path PROCESS = Path.of("/proc/self/status");
    private static final Path GROUP_LIMIT = Path.of("/sys/fs/cgroup/memory.max");
    private static final Path GROUP_USE = Path.of("/sys/fs/cgroup/memory.current");

    private MachineMemory() {}

    /// Bytes that a new program may take without swapping: what the system has, or what is left of the limit
    /// of the container that the process runs in, whichever is less.
    public static OptionalLong available() {
        OptionalLong system = kilobytes(SYSTEM, "MemAvailable");
        OptionalLong limit = number(GROUP_LIMIT);
        OptionalLong used = number(GROUP_USE);
        if (limit.isPresent() && used.isPresent()) {
            long left = Math.max(0, limit.getAsLong() - used.getAsLong());
            return OptionalLong.of(Math.min(left, system.orElse(Long.MAX_VALUE)));
        }
        return system;
    }

    /// Bytes that this process holds in memory.
    public static OptionalLong resident() {
        return kilobytes(PROCESS, "VmRSS");
    }

    /// The most bytes that this process has held.
    public static OptionalLong peak() {
        return kilobytes(PROCESS, "VmHWM");
    }

    private static OptionalLong kilobytes(Path file, String field) {
        try {
            Matcher line =
                    Pattern.compile("(?m)^" + field + ":\\s+(\\d{1,15}) kB$").matcher(Files.readString(file));
            return line.find() ? OptionalLong.of(Long.parseLong(line.group(1)) * 1024) : OptionalLong.empty();
        } catch (IOException _) {
            return OptionalLong.empty(); // another system than Linux
        }
    }

    private static OptionalLong number(Path file) {
        try {
            String text = Files.readString(file).strip();
            return text.matches("\\d{1,18}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
        } catch (IOException _) {
            return OptionalLong.empty(); // no such limit
        }
    }
}
