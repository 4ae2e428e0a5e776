package io.github.cogvideo4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.internal.store.TestStores;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// What `docs/serve.md` and `deploy` show: the lines of curl are run, the files are read as what they are.
class ServeDocumentTest {
    private static final Pattern ID = Pattern.compile("\"id\":\"(video_[0-9a-f]{32})\"");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(TestStores.class)
    void theLinesOfCurlDoWhatTheySay(TestStores store) throws Exception {
        List<String> lines = Files.readAllLines(Resources.project("docs/serve.md")).stream()
                .filter(line -> line.startsWith("curl "))
                .toList();
        assertThat(lines).hasSizeGreaterThan(10);
        try (TestServer server = TestServer.start(folder.resolve("data"), store.fresh())) {
            String url = server.url();
            String id = "";
            for (String line : lines) {
                if (line.contains("/$ID/content")) {
                    waitFor(url, id);
                }
                String told = run(line, url, id);
                Matcher found = ID.matcher(told);
                if (id.isEmpty() && line.contains("seconds=1") && found.find()) {
                    id = found.group(1);
                }
            }
            assertThat(folder.resolve("video.mp4")).isNotEmptyFile();
            assertThat(folder.resolve("video.webp")).isNotEmptyFile();
        }
    }

    private void waitFor(String url, String id) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(10);
        String told = "";
        while (!told.contains("\"status\":\"completed\"")) {
            assertThat(System.nanoTime()).as(told).isLessThan(end);
            assertThat(told).doesNotContain("\"failed\"");
            Thread.sleep(200);
            told = run("curl -fsS \"$URL/v1/videos/$ID\" -H \"Authorization: Bearer $KEY\"", url, id);
        }
    }

    private String run(String line, String url, String id) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", line)
                .directory(folder.toFile())
                .redirectErrorStream(true);
        builder.environment().putAll(Map.of("URL", url, "KEY", TestServer.KEY, "ID", id));
        Process process = builder.start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(line + "\n" + told).isZero();
        return told;
    }

    @Test
    void theFilesOfDeploymentAreWhatTheyAre() throws IOException {
        Load yaml = new Load(LoadSettings.builder().build());
        List<Object> kinds = new ArrayList<>();
        yaml.loadAllFromString(Files.readString(Resources.project("deploy/kubernetes.yaml")))
                .forEach(document -> kinds.add(((Map<?, ?>) document).get("kind")));
        assertThat(kinds).doesNotContainNull().isNotEmpty();
        Map<?, ?> prometheus =
                (Map<?, ?>) yaml.loadFromString(Files.readString(Resources.project("deploy/prometheus.yml")));
        assertThat(prometheus.containsKey("scrape_configs")).isTrue();
        String docker = Files.readString(Resources.project("deploy/Dockerfile"));
        assertThat(docker.lines().filter(line -> line.startsWith("FROM "))).hasSize(2);
        assertThat(docker).contains("USER ", "\"serve\"");
        String nginx = Files.readString(Resources.project("deploy/nginx.conf"));
        assertThat(nginx.chars().filter(c -> c == '{').count())
                .isEqualTo(nginx.chars().filter(c -> c == '}').count());
    }

    @Test
    void theDashboardShowsMeasuredNames() throws IOException {
        String dashboard = Files.readString(Resources.project("deploy/grafana-dashboard.json"));
        String metrics = Files.readString(
                Resources.project("server/src/main/java/io/github/cogvideo4j/server/internal/http/Metrics.java"));
        Matcher name = Pattern.compile("cogvideo_[a-z_]+").matcher(dashboard);
        while (name.find()) {
            String base = name.group().replaceFirst("_(bucket|sum|count)$", "");
            assertThat(metrics).contains("\"" + base + "\"");
        }
    }

    @Test
    void everySettingIsDocumented() throws IOException {
        String document = Files.readString(Resources.project("docs/serve.md"));
        String reader = Files.readString(Resources.project(
                "server/src/main/java/io/github/cogvideo4j/server/internal/settings/ServerSettingsReader.java"));
        Matcher setting =
                Pattern.compile("(?:values\\.\\w+|one|path)\\(\"([a-z-]+)\"").matcher(reader);
        while (setting.find()) {
            assertThat(document).contains("`" + setting.group(1) + "`");
        }
    }
}
