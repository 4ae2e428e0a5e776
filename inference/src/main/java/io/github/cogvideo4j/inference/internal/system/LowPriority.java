package io.github.cogvideo4j.inference.internal.system;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The process's priority, lowered so that a trainer on the same machine goes first. Where a system knows no such
/// thing, nothing happens.
///
/// POSIX `setpriority` with 10 of at most 19, as `nice` without a number. On Linux a priority belongs to a thread:
/// each that there is gets it, later ones have that of the thread that begins them. When memory runs out, Linux
/// ends the process with the highest `oom_score_adj` first; anyone may raise their own.
public final class LowPriority {
    private static final int PRIO_PROCESS = 0;
    private static final int NICE = 10;
    private static final String FIRST_TO_END = "500";

    private LowPriority() {}

    /// Lowers this process's priority, once and for good.
    ///
    /// @return whether the system did
    public static boolean ofThisProcess() {
        boolean lowered = lowered(Path.of("/proc/self/task"));
        endFirst(Path.of("/proc/self/oom_score_adj"));
        return lowered;
    }

    @SuppressWarnings("restricted") // a call of the C library that neither keeps nor writes anything
    private static boolean lowered(Path threads) {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("setpriority")
                .map(function -> {
                    // int setpriority(int which, id_t who, int value)
                    MethodHandle handle = linker.downcallHandle(
                            function,
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT));
                    boolean all = true;
                    for (int thread : threads(threads)) {
                        all &= set(handle, thread);
                    }
                    return all;
                })
                .orElse(false);
    }

    /// The threads there are; 0, the caller itself, where the system does not list them.
    private static List<Integer> threads(Path folder) {
        List<Integer> threads = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, "[0-9]*")) {
            all.forEach(thread -> threads.add(Integer.parseInt(String.valueOf(thread.getFileName()))));
        } catch (IOException _) {
            threads.add(0);
        }
        return threads;
    }

    private static boolean set(MethodHandle setPriority, int who) {
        try {
            return (int) setPriority.invokeExact(PRIO_PROCESS, who, NICE) == 0;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void endFirst(Path file) {
        try {
            int now = Integer.parseInt(Files.readString(file).strip());
            if (now < Integer.parseInt(FIRST_TO_END)) {
                Files.writeString(file, FIRST_TO_END);
            }
        } catch (IOException | NumberFormatException _) {
            // Not Linux, or not allowed.
        }
    }
}
