package io.github.cogvideo4j.cli.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.net.httpserver.HttpServer;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetched;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where archives come from: a repository on this machine, a Maven of a few lines, a folder.
class CudaSourcesTest {
    private static final byte[] BYTES = "x".repeat(200_000).getBytes(StandardCharsets.UTF_8);
    private static final Artifact PINNED =
            new Artifact("org.example", "natives", "1.0", "linux", BYTES.length, 1, Optional.of("00"));
    private static final Artifact UNPINNED =
            new Artifact("org.example", "natives", "1.0", "linux", BYTES.length, 1, Optional.empty());
    private static final String PATH = "/maven2/org/example/natives/1.0/natives-1.0-linux.jar";
    private static final String SETTINGS = """
            <settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">%s</settings>""";

    private final Map<String, byte[]> served = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private final AtomicLong counted = new AtomicLong();
    private final JobControl control = JobControl.of(event -> {
        if (event instanceof JobEvent.Advanced more) {
            counted.addAndGet(more.amount());
        }
    });
    private final CountDownLatch end = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;
    private int status;

    @TempDir
    private Path temporary;

    private Path folder;

    @BeforeEach
    void start() throws IOException {
        folder = Files.createDirectory(temporary.resolve("download"));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                String path = exchange.getRequestURI().getPath();
                asked.add(path);
                byte[] bytes = served.get(path);
                exchange.sendResponseHeaders(
                        status != 0 ? status : bytes == null ? 404 : 200, bytes == null ? -1 : bytes.length);
                if (bytes != null) {
                    exchange.getResponseBody().write(bytes);
                }
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        end.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private String address() {
        return "http://localhost:" + server.getAddress().getPort() + "/maven2";
    }

    private HttpFetcher http(Duration patience) {
        return new HttpFetcher(new Repository(URI.create(address()), Optional.empty()), patience);
    }

    private void failed(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        MissingCapabilityException.class,
                        e -> assertThat(e.problem().message().text()).matches(message));
    }

    @Test
    void aKnownArchiveIsOneRequest() throws IOException {
        served.put(PATH, BYTES);
        Fetched fetched = http(HttpFetcher.PATIENCE).fetch(PINNED, folder, control);
        assertThat(fetched.file()).hasBinaryContent(BYTES).hasParent(folder);
        assertThat(fetched.checksum()).isEmpty();
        assertThat(asked).containsExactly(PATH);
        assertThat(counted).hasValue(BYTES.length);
    }

    @Test
    void anotherComesWithTheChecksumOfItsRepository() throws IOException {
        served.put(PATH, BYTES);
        served.put(PATH + ".sha1", "da39a3ee  natives.jar\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(http(HttpFetcher.PATIENCE).fetch(UNPINNED, folder, control).checksum())
                .contains("da39a3ee");
        assertThat(asked).containsExactly(PATH + ".sha256", PATH + ".sha1", PATH);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "404 | .*localhost:.* does not have natives-1.0-linux.jar; install a PyTorch for CUDA 13 .*",
                "401 | .*localhost:.* requires a name and a password .status 401.; use Maven, which knows them, or --from",
                "403 | .*requires a name and a password .status 403.*",
                "503 | .*answered with status 503; run the setup again later"
            })
    void otherAnswersAreTold(int answer, String message) {
        status = answer;
        failed(() -> http(HttpFetcher.PATIENCE).fetch(PINNED, folder, control), message);
    }

    @Test
    void anArchiveThatEndsEarlyIsTold() {
        served.put(PATH, new byte[10]);
        failed(
                () -> http(HttpFetcher.PATIENCE).fetch(PINNED, folder, control),
                "localhost:.* sent 10 of the 200000 bytes of natives-1.0-linux.jar; run the setup again");
    }

    @Attack(
            name = "download-flood",
            tries = "a repository that sends more and more, until the disk is full",
            fails = "no more is taken than the archive is known to have, or four times what is expected of it")
    @Test
    void aRepositoryThatSendsTooMuch() {
        served.put(PATH, new byte[BYTES.length + 1]);
        failed(
                () -> http(HttpFetcher.PATIENCE).fetch(PINNED, folder, control),
                "localhost:.* sends more than 200000 bytes as natives-1.0-linux.jar; that is not the published file");
    }

    @Attack(
            name = "download-stall",
            tries = "a repository that begins an answer and then sends nothing for ever",
            fails = "a read that brings nothing for a minute ends the setup, and nothing of it stays")
    @Test
    void aRepositoryThatStalls() {
        server.createContext(PATH, exchange -> {
            exchange.sendResponseHeaders(200, BYTES.length);
            exchange.getResponseBody().write(BYTES, 0, 10);
            exchange.getResponseBody().flush();
            try {
                end.await();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        });
        failed(
                () -> http(Duration.ofMillis(700)).fetch(PINNED, folder, control),
                "the connection to localhost:.* broke off; run the setup again");
    }

    @Test
    void nobodyThereIsTold() {
        int port = server.getAddress().getPort();
        server.stop(0);
        failed(
                () -> new HttpFetcher(
                                new Repository(URI.create("http://localhost:" + port), Optional.empty()),
                                HttpFetcher.PATIENCE)
                        .fetch(PINNED, folder, control),
                "localhost:\\d+ does not answer; check the network and the proxy, or use --from");
    }

    private Repository repository(String settings) throws IOException {
        Path file = Files.writeString(temporary.resolve("settings.xml"), settings);
        return Repository.of(file, "https://own.example/maven2/");
    }

    private static String mirror(String of, String url) {
        return SETTINGS.formatted(
                "<mirrors><mirror><id>m</id><mirrorOf>" + of + "</mirrorOf><url>" + url + "</url></mirror></mirrors>");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "central | true",
                "* | true",
                "external:* | true",
                "other,central | true",
                "*,!central | false",
                "other | false"
            })
    void aMirrorOfTheUserComesFirst(String of, boolean taken) throws IOException {
        assertThat(repository(mirror(of, "https://mirror.example/nexus/")).address())
                .isEqualTo(URI.create(taken ? "https://mirror.example/nexus" : "https://own.example/maven2"));
    }

    @Test
    void withoutSettingsItIsTheBuildsOwn() throws IOException {
        assertThat(Repository.of(temporary.resolve("none.xml"), "https://own.example/maven2/"))
                .isEqualTo(new Repository(URI.create("https://own.example/maven2"), Optional.empty()));
        assertThat(repository(SETTINGS.formatted("")).address()).hasHost("own.example");
    }

    @Test
    void theProxyOfTheSettingsIsAsked() throws IOException {
        String proxy =
                "<proxies><proxy><active>%s</active><host>proxy.example</host><port>%s</port>%s</proxy></proxies>";
        assertThat(repository(SETTINGS.formatted(proxy.formatted("true", "3128", "")))
                        .proxy())
                .contains(InetSocketAddress.createUnresolved("proxy.example", 3128));
        assertThat(repository(SETTINGS.formatted(proxy.formatted("false", "3128", "")))
                        .proxy())
                .isEmpty();
        for (String wrong : List.of(
                proxy.formatted("true", "x", ""),
                proxy.formatted("true", "99999", ""),
                proxy.formatted("true", "80", "<username>ann</username>"))) {
            failed(
                    () -> repository(SETTINGS.formatted(wrong)),
                    "the proxy proxy.example in these settings needs a port.*");
        }
    }

    @Attack(
            name = "settings-plain-http",
            tries = "a mirror without encryption, where somebody on the way exchanges what is fetched, or one with a"
                    + " password in its address, which messages would repeat",
            fails = "only https is asked, and plain http on this very machine")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://mirror.example/",
                "ftp://mirror.example/",
                "file:///etc/",
                "https://ann:secret@mirror.example/",
                "https:///x",
                "not an address",
                ""
            })
    void addressesThatAreNotAsked(String address) {
        failed(
                () -> repository(mirror("*", address)),
                ".* cannot be asked: an address of a repository begins with https://.*");
    }

    @Attack(
            name = "settings-entities",
            tries = "settings of Maven whose entities read a local file, open an address, or unfold to gigabytes",
            fails = "a document with a type declaration is refused before anything in it counts")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "<!DOCTYPE s [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>",
                "<!DOCTYPE s SYSTEM \"http://localhost:%d/evil.dtd\">",
                "<!DOCTYPE s [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>"
            })
    void entitiesInSettings(String type) {
        String settings = type.formatted(server.getAddress().getPort())
                + mirror("*", "https://mirror.example/&e;").replace("&e;", type.contains("ENTITY e") ? "&e;" : "");
        failed(() -> repository(settings), "these settings of Maven cannot be read: .*DOCTYPE.*");
        assertThat(asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "<settings>", "settings"})
    void damagedSettingsAreTold(String settings) {
        failed(() -> repository(settings), "these settings of Maven cannot be read: .*");
    }

    @Test
    void aFolderHasToHaveAllOfThem() throws IOException {
        FolderFetcher fetcher = new FolderFetcher(temporary);
        failed(
                () -> fetcher.check(List.of(PINNED)),
                "this folder lacks natives-1.0-linux.jar; bring these files, see docs/cuda.md");
        Path file = Files.write(temporary.resolve("natives-1.0-linux.jar"), BYTES);
        fetcher.check(List.of(PINNED));
        assertThat(fetcher.fetch(PINNED, folder, control)).isEqualTo(new Fetched(file, Optional.empty()));
        Files.writeString(temporary.resolve("natives-1.0-linux.jar.sha1"), "abc *natives-1.0-linux.jar\n");
        assertThat(fetcher.fetch(UNPINNED, folder, control).checksum()).contains("abc");
        assertThat(folder).isEmptyDirectory();
    }

    /// A Maven that does what the script says; `$out` is the folder that it was told.
    private MavenFetcher maven(String script) throws IOException {
        assumeThat(Files.isExecutable(Path.of("/bin/sh"))).isTrue();
        Path bin = Files.createDirectory(temporary.resolve("bin"));
        Path mvn = Files.writeString(bin.resolve("mvn"), """
                #!/bin/sh
                for word in "$@"; do case $word in -DoutputDirectory=*) out=${word#*=} ;; esac; done
                printf '%s\\n' "$@" >"$0.asked"
                """ + script);
        Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwx------"));
        assertThat(MavenFetcher.find(Map.of("PATH", bin.toString()))).contains(mvn);
        assertThat(MavenFetcher.find(Map.of("PATH", "/none", "MAVEN_HOME", temporary.toString())))
                .contains(mvn);
        return new MavenFetcher(mvn);
    }

    @Test
    void mavenIsAskedForTheExactArtifact() throws IOException {
        MavenFetcher fetcher = maven("""
                printf 'Progress (1): 50/200 kB\\rProgress (1): 0.2 MB\\r'
                printf data >"$out/natives-1.0-linux.jar"
                """);
        Fetched fetched = fetcher.fetch(UNPINNED, folder, control);
        assertThat(fetched.file()).hasContent("data");
        assertThat(fetched.checksum().orElseThrow())
                .isEqualTo("3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7");
        assertThat(counted).hasValue(200_000);
        assertThat(Files.readAllLines(fetcher.maven().resolveSibling("mvn.asked")))
                .contains("-Dartifact=org.example:natives:1.0:jar:linux", "--strict-checksums");
    }

    @Test
    void whatMavenSaysOfItsFailureIsTold() throws IOException {
        MavenFetcher fetcher = maven("""
                printf '\\033[1;31m[ERROR] Could not find artifact\\nmore\\n'
                exit 1
                """);
        failed(
                () -> fetcher.fetch(UNPINNED, folder, control),
                "fetching org.example:natives:1.0:jar:linux through Maven failed: Could not find artifact");
    }

    @Test
    void aMavenThatLeavesNothingIsAFailure() throws IOException {
        MavenFetcher fetcher = maven("exit 0\n");
        failed(() -> fetcher.fetch(UNPINNED, folder, control), "fetching .* through Maven failed: .*");
    }

    @Test
    void withoutMavenItIsTheRepository() throws IOException {
        Path home = Files.createDirectories(temporary.resolve("home/.m2"));
        Files.writeString(home.resolve("settings.xml"), mirror("central", address()));
        Map<String, String> environment =
                Map.of("PATH", "/none", "HOME", home.getParent().toString());
        CudaSources sources = CudaSources.of(environment, Optional.empty(), List.of(PINNED));
        assertThat(sources.name()).isEqualTo("localhost:" + server.getAddress().getPort());
        served.put(PATH, BYTES);
        assertThat(sources.fetcher().fetch(PINNED, folder, control).file()).hasBinaryContent(BYTES);
    }
}
