package io.github.cogvideo4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.Run;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ParentProcessTest {
    /// No system has a process with this number.
    private static final int NOBODY = Integer.MAX_VALUE;

    private static ProcessBuilder java(Class<?> main, String... options) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", Run.classPath(), main.getName()));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    }

    /// The waiting process is killed at once, so that it can tell nobody.
    @Test
    void aProcessEndsWithTheOneThatWaitsForIt() throws IOException {
        Process parent = java(Waiting.class).start();
        try (BufferedReader said = parent.inputReader()) {
            ProcessHandle child =
                    ProcessHandle.of(Long.parseLong(said.readLine())).orElseThrow();
            try {
                parent.toHandle().destroyForcibly(); // and what it says stays open
                // The end of what the two have in common is the end of both.
                assertThat(said.readLine()).isNull();
                child.onExit().join();
            } finally {
                child.destroyForcibly();
            }
        } finally {
            parent.destroyForcibly();
        }
    }

    @Test
    void oneThatBeginsTooLateEndsAtOnce() throws Exception {
        Process orphan = java(Working.class, "-Dcogvideo4j.parent=" + NOBODY).start();
        try {
            assertThat(orphan.waitFor()).isEqualTo(ExitCode.INTERRUPTED.value());
        } finally {
            orphan.destroyForcibly();
        }
    }

    /// Starts a process and waits for it.
    static final class Waiting {
        private Waiting() {}

        public static void main(String[] arguments) throws Exception {
            java(Working.class, ParentProcess.option())
                    .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                    .start()
                    .waitFor();
        }
    }

    /// Says its number when it is watching, and works for ever.
    static final class Working {
        private Working() {}

        public static void main(String[] arguments) throws Exception {
            ParentProcess.whenEnded(() -> System.exit(ExitCode.INTERRUPTED.value()));
            System.out.println(ProcessHandle.current().pid());
            new CountDownLatch(1).await();
        }
    }
}
