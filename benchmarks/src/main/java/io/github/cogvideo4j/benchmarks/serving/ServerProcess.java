package io.github.cogvideo4j.benchmarks.serving;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A `cogvideo serve` in a process of its own, started by the launcher as a user does.
///
/// @param process the server itself: the launcher becomes it
/// @param log     what it writes to its outputs
/// @param client  a client of its address
record ServerProcess(Process process, Path log, VideoClient client) implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int TERMINATED = 143;
    private static final Pattern GENERATION = Pattern.compile("total \\d+K, used (\\d+)K");

    /// What a server is started with.
    ///
    /// @param launcher    the program `cogvideo`
    /// @param model       the model's folder
    /// @param data        its folder of data
    /// @param options     further options of `serve`
    /// @param environment further variables
    record Setup(Path launcher, Path model, Path data, List<String> options, Map<String, String> environment) {
        Setup {
            options = List.copyOf(options);
            environment = Map.copyOf(environment);
        }

        /// The same with one more variable.
        Setup with(String name, String value) {
            Map<String, String> more = new HashMap<>(environment);
            more.put(name, value);
            return new Setup(launcher, model, data, options, more);
        }

        /// The same in single precision: half precision is slow on many processors.
        Setup inSinglePrecision() {
            return with("COGVIDEO_SERVE_DTYPE", "fp32");
        }

        /// The same with another folder of data.
        Setup in(Path folder) {
            return new Setup(launcher, model, folder, options, environment);
        }
    }

    /// Starts a server and does not wait for it.
    static ServerProcess start(Setup setup) throws IOException {
        int port = freePort();
        Files.createDirectories(setup.data());
        Path log = setup.data().resolveSibling(setup.data().getFileName() + "-server.log");
        List<String> command = new ArrayList<>(List.of(
                setup.launcher().toString(),
                "serve",
                "--model",
                "tiny=" + setup.model(),
                "--port",
                Integer.toString(port),
                "--data-dir",
                setup.data().toString(),
                "--device",
                "cpu"));
        command.addAll(setup.options());
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        // The measurement is no client that has to be held back.
        builder.environment().put("COGVIDEO_SERVE_JOBS_PER_MINUTE", "0");
        builder.environment().put("COGVIDEO_SERVE_UPLOADS_PER_MINUTE", "0");
        builder.environment().putAll(setup.environment());
        Process process = builder.start();
        // It does not outlive a measurement that fails.
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(process::destroyForcibly));
        return new ServerProcess(process, log, new VideoClient(port));
    }

    /// Starts a server and waits until it takes jobs.
    static ServerProcess ready(Setup setup) throws IOException, InterruptedException {
        ServerProcess server = start(setup);
        server.awaitReady();
        return server;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /// Waits until it takes jobs.
    void awaitReady() throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!client.isReady()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IllegalStateException(
                        "the server does not become ready: " + client.readiness() + "\n" + Files.readString(log));
            }
            Thread.sleep(5);
        }
    }

    /// Sends it a signal.
    void signal(String name) throws IOException, InterruptedException {
        int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
        if (status != 0) {
            throw new IllegalStateException("kill -" + name + " ended with " + status);
        }
    }

    /// Ends it with SIGKILL.
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /// Ends it with SIGTERM, and looks at how it ended.
    @Override
    public void close() throws IOException {
        if (!process.isAlive()) {
            return;
        }
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != TERMINATED) {
                process.destroyForcibly();
                throw new IllegalStateException("the server does not end as it should:\n" + Files.readString(log));
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IllegalStateException(e);
        }
    }

    /// Its memory that is no page of a file, in bytes.
    long anonymousBytes() throws IOException {
        return status("RssAnon:");
    }

    /// Its resident memory, pages of files included, in bytes.
    long residentBytes() throws IOException {
        return status("VmRSS:");
    }

    private long status(String field) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.filter(line -> line.startsWith(field))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .sum();
        }
    }

    /// The files and sockets that it has open.
    long openFiles() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
            return open.count();
        }
    }

    /// What is live in its heap after a collection, in bytes.
    long liveHeapBytes() throws IOException, InterruptedException {
        jcmd("GC.run");
        Matcher used = GENERATION.matcher(jcmd("GC.heap_info"));
        long bytes = 0;
        while (used.find()) {
            bytes += Long.parseLong(used.group(1)) << 10;
        }
        return bytes;
    }

    private String jcmd(String command) throws IOException, InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        Process asked = new ProcessBuilder(jcmd.toString(), Long.toString(process.pid()), command)
                .redirectErrorStream(true)
                .start();
        String answer = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (asked.waitFor() != 0) {
            throw new IllegalStateException(String.format(Locale.ROOT, "jcmd %s: %s", command, answer));
        }
        return answer;
    }
}
