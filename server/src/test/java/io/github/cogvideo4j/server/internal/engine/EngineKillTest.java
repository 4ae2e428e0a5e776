package io.github.cogvideo4j.server.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Resources;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Servers that are killed at random moments, as processes: every job that was accepted is there afterwards and comes
/// to its end once, and files and rows belong together. The system property `cogvideo4j.kills` says how often, `2` when
/// it is not set.
class EngineKillTest {
    private static final Path MODEL = Resources.golden("pipelines/t2v-2b");
    private static final int KILLS = Integer.getInteger("cogvideo4j.kills", 2);
    /// More steps than any test waits for.
    private static final int LONG = 900;

    private static final String LEASE_SECONDS = "3";
    private static final Duration PATIENCE = Duration.ofMinutes(30);

    @TempDir
    private Path folder;

    /// A server in a process of its own.
    private record Server(Process process, BufferedReader out, PrintStream in) {
        static Server start(Path data, String grace, Optional<String> store, Path errors) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-XX:-CreateCoredumpOnCrash",
                    "-XX:ErrorFile=" + errors.resolveSibling("hs_err.log"),
                    "--enable-native-access=ALL-UNNAMED",
                    "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                    "-Dorg.bytedeco.javacpp.maxBytes=0",
                    "-cp",
                    classPath(),
                    EngineProcess.class.getName(),
                    data.toString(),
                    MODEL.toString(),
                    LEASE_SECONDS,
                    grace));
            store.ifPresent(command::add);
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
                    .start();
            Server server = new Server(
                    process,
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)),
                    new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8));
            String line = server.out().readLine();
            assertThat(line).as(() -> text(errors)).isEqualTo("ready");
            return server;
        }

        /// What this test itself was loaded from, whoever runs it.
        private static String classPath() {
            if (EngineProcess.class.getClassLoader() instanceof URLClassLoader loader) {
                return Stream.of(loader.getURLs()).map(URL::getPath).collect(Collectors.joining(File.pathSeparator));
            }
            return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        }

        private static String text(Path file) {
            try {
                return Files.readString(file);
            } catch (IOException e) {
                return e.toString();
            }
        }

        /// Asks for a job.
        ///
        /// @return nothing when the server was killed before it answered
        Optional<String> submit(int steps) {
            in.println(steps);
            try {
                return Optional.ofNullable(out.readLine());
            } catch (IOException _) {
                return Optional.empty();
            }
        }

        void kill() throws InterruptedException {
            process.destroyForcibly();
            process.waitFor();
        }
    }

    @Test
    void everyAcceptedJobOutlivesKillsOnSqlite() throws Exception {
        kills(Optional.empty());
    }

    @Test
    void everyAcceptedJobOutlivesKillsOnPostgres() throws Exception {
        kills(Optional.of(freshSchema()));
    }

    private void kills(Optional<String> store) throws Exception {
        Path data = folder.resolve("data");
        Path errors = folder.resolve("errors.txt");
        Generator random = new Generator(KILLS);
        List<String> accepted = new ArrayList<>();
        for (int kill = 0; kill < KILLS; kill++) {
            Server server = Server.start(data, "0", store, errors);
            int jobs = random.integer(1, 4);
            for (int i = 0; i < jobs; i++) {
                server.submit(random.integer(1, 8)).ifPresent(accepted::add);
            }
            // Anywhere between the first moment of a job and the end of the last.
            Thread.sleep(random.integer(0, 3_000));
            server.kill();
        }
        assertThat(accepted).doesNotHaveDuplicates();
        try (Engine engine = Engine.open(
                EngineProcess.settings(
                        data, MODEL, Duration.ofSeconds(Long.parseLong(LEASE_SECONDS)), Duration.ZERO, store),
                JobMetrics.NONE)) {
            engine.start();
            finish(engine, accepted);
            filesAndRowsBelongTogether(engine, data, accepted);
        }
    }

    private static void finish(Engine engine, List<String> accepted) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (accepted.stream()
                .anyMatch(id -> !engine.find(EngineProcess.OWNER, id).state().isOver())) {
            assertThat(System.nanoTime()).as("all jobs come to their end").isLessThan(end);
            Thread.sleep(200);
        }
    }

    private static void filesAndRowsBelongTogether(Engine engine, Path data, List<String> accepted) throws IOException {
        List<Job> all = engine.list(
                        EngineProcess.OWNER, new Jobs.ListQuery(10_000, true, Optional.empty(), Optional.empty()))
                .jobs();
        Map<String, Job> jobs = new TreeMap<>();
        all.forEach(job -> jobs.put(job.id(), job));
        // One more may have been accepted whose answer the kill cut off.
        assertThat(jobs.keySet()).containsAll(accepted);
        for (Job job : all) {
            assertThat(job.state()).as(job.toString()).isEqualTo(JobState.COMPLETED);
            for (FileKind kind : List.of(FileKind.VIDEO, FileKind.THUMBNAIL, FileKind.SPRITESHEET, FileKind.RECORD)) {
                assertThat(engine.file(EngineProcess.OWNER, job.id(), kind).size())
                        .isPositive();
            }
        }
        try (Stream<Path> folders = Files.list(data.resolve("videos"))) {
            assertThat(folders.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(all.stream()
                            .map(job -> job.id() + "-" + job.attempt())
                            .toList());
        }
    }

    /// What a killed server was working on, the other one on the same queue finishes, once its lease is over.
    @Test
    void theOtherServerFinishesWhatAKilledOneWasDoing() throws Exception {
        Optional<String> store = Optional.of(freshSchema());
        Path data = folder.resolve("data");
        Server first = Server.start(data, "0", store, folder.resolve("errors.txt"));
        String id = first.submit(LONG).orElseThrow();
        try (Engine second = Engine.open(
                EngineProcess.settings(
                        data, MODEL, Duration.ofSeconds(Long.parseLong(LEASE_SECONDS)), Duration.ZERO, store),
                JobMetrics.NONE)) {
            await(second, id, 1);
            String next = first.submit(2).orElseThrow();
            second.start();
            finish(second, List.of(next)); // the second server works on the queue of both
            first.kill();
            await(second, id, 2);
            second.cancel(EngineProcess.OWNER, id);
            finish(second, List.of(id));
        }
    }

    private static void await(Engine engine, String id, int attempt) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (engine.find(EngineProcess.OWNER, id).attempt() < attempt) {
            assertThat(System.nanoTime()).as("attempt " + attempt).isLessThan(end);
            Thread.sleep(100);
        }
    }

    /// SIGTERM while libtorch computes: the job goes back, and the process ends without a crash.
    @Test
    void aTerminatedServerGivesItsJobBack() throws Exception {
        Path data = folder.resolve("data");
        Path errors = folder.resolve("errors.txt");
        Server server = Server.start(data, "0", Optional.empty(), errors);
        String id = server.submit(LONG).orElseThrow();
        Thread.sleep(1_500);
        server.process().destroy();
        assertThat(server.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(server.process().exitValue()).as(() -> Server.text(errors)).isEqualTo(143);
        assertThat(folder.resolve("hs_err.log")).doesNotExist();
        try (Engine engine = Engine.open(
                EngineProcess.settings(data, MODEL, Duration.ofSeconds(3), Duration.ZERO, Optional.empty()),
                JobMetrics.NONE)) {
            Job job = engine.find(EngineProcess.OWNER, id);
            assertThat(job.state()).isEqualTo(JobState.QUEUED);
            assertThat(job.attempt()).isZero(); // given back, and not taken away
        }
    }

    private static String freshSchema() throws Exception {
        String url = System.getenv("COGVIDEO4J_TEST_POSTGRES");
        assumeTrue(
                url != null, "No PostgreSQL: run this with scripts/postgres.sh, which sets COGVIDEO4J_TEST_POSTGRES");
        String schema = "t" + UUID.randomUUID().toString().replace("-", "");
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute("create schema " + schema);
        }
        return url + "&currentSchema=" + schema;
    }
}
