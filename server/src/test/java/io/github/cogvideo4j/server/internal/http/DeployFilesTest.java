package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.server.ServerSettings;
import io.github.cogvideo4j.server.internal.job.EngineStatus;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.QueueState;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The files of `deploy/` name settings, routes and metrics that exist, and are well formed.
class DeployFilesTest {
    private static final Pattern METRIC = Pattern.compile("cogvideo_[a-z_]+");

    @TempDir
    private Path folder;

    private static String deployed(String name) throws IOException {
        return Files.readString(Resources.project("deploy/" + name));
    }

    private static List<Map<?, ?>> yaml(String text) {
        List<Map<?, ?>> documents = new ArrayList<>();
        new Load(LoadSettings.builder().build()).loadAllFromString(text).forEach(one -> documents.add((Map<?, ?>) one));
        return documents;
    }

    private static Object at(Object value, Object... path) {
        Object current = value;
        for (Object key : path) {
            current = key instanceof Integer index ? ((List<?>) current).get(index) : ((Map<?, ?>) current).get(key);
            assertThat(current).as("%s in %s", key, List.of(path)).isNotNull();
        }
        return current;
    }

    /// Settings whose paths are in the test's folder.
    private ServerSettings settings(String text, List<String> paths) throws IOException {
        String local = text;
        for (String path : paths) {
            Path here = folder.resolve(path.substring(1));
            if (path.endsWith(".txt")) {
                Files.createDirectories(here.getParent());
                Files.writeString(here, "someone:" + "0123456789abcdef".repeat(2) + "\n");
            } else {
                Files.createDirectories(here);
            }
            local = local.replace(path, here.toString());
        }
        Path file = Files.writeString(folder.resolve("serve.yaml"), local);
        return ServerSettings.read(Map.of(), Map.of(), Optional.of(file));
    }

    @Test
    void theManifestOfKubernetesFitsTogether() throws IOException {
        Map<Object, Map<?, ?>> byKind = new HashMap<>();
        for (Map<?, ?> one : yaml(deployed("kubernetes.yaml"))) {
            assertThat(one.get("apiVersion")).isIn("v1", "apps/v1");
            byKind.put(one.get("kind"), one);
        }
        Map<?, ?> deployment = byKind.get("Deployment");
        Object template = at(deployment, "spec", "template");
        assertThat(at(deployment, "spec", "selector", "matchLabels")).isEqualTo(at(template, "metadata", "labels"));
        assertThat(at(byKind.get("Service"), "spec", "selector")).isEqualTo(at(template, "metadata", "labels"));
        List<?> volumes = (List<?>) at(template, "spec", "volumes");
        List<?> mounts = (List<?>) at(template, "spec", "containers", 0, "volumeMounts");
        assertThat(mounts)
                .extracting(mount -> at(mount, "name"))
                .containsExactlyInAnyOrderElementsOf(
                        volumes.stream().map(volume -> at(volume, "name")).toList());
        Object container = at(template, "spec", "containers", 0);
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            requireRoute((String) at(container, probe, "httpGet", "path"));
        }
        requireRoute((String) at(template, "metadata", "annotations", "prometheus.io/path"));

        ServerSettings settings = settings(
                (String) at(byKind.get("ConfigMap"), "data", "serve.yaml"),
                List.of("/models/my-model", "/data", "/etc/cogvideo/keys/keys.txt"));
        assertThat(at(container, "ports", 0, "containerPort"))
                .isEqualTo(settings.network().port());
        assertThat((Integer) at(template, "spec", "terminationGracePeriodSeconds"))
                .isGreaterThan((int) settings.queue().grace().toSeconds());
        List<String> mountPaths =
                mounts.stream().map(mount -> (String) at(mount, "mountPath")).toList();
        for (Path path : List.of(
                settings.models().getFirst().folder(),
                settings.storage().data(),
                settings.access().keys().orElseThrow())) {
            String inside = "/" + folder.toAbsolutePath().relativize(path);
            assertThat(mountPaths).anyMatch(inside::startsWith);
        }
    }

    private static void requireRoute(String path) throws IOException {
        Map<?, ?> description = yaml(new String(
                        ServerSettings.class.getResourceAsStream("openapi.yaml").readAllBytes()))
                .getFirst();
        assertThat(((Map<?, ?>) description.get("paths")).containsKey(path))
                .as(path)
                .isTrue();
    }

    @Test
    void theImageStartsTheServerWithSettingsThatExist() throws IOException {
        List<String> lines = deployed("Dockerfile")
                .replace("\\\n", " ")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
        assertThat(lines)
                .allMatch(line -> line.matches(
                        "(FROM|RUN|COPY|WORKDIR|USER|ENV|VOLUME|EXPOSE|ENTRYPOINT|HEALTHCHECK|STOPSIGNAL) .+"));
        assertThat(lines.stream().filter(line -> line.startsWith("USER")).toList())
                .containsExactly("USER 10001:10001");
        JsonNode start = JsonMapper.shared()
                .readTree(lines.stream()
                        .filter(line -> line.startsWith("ENTRYPOINT"))
                        .findFirst()
                        .orElseThrow()
                        .substring("ENTRYPOINT".length()));
        assertThat(start.get(0).asString()).isEqualTo("cogvideo");
        assertThat(start.get(1).asString()).isEqualTo("serve");
        StringBuilder settings = new StringBuilder("model: /models/my-model\n");
        for (int i = 2; i < start.size(); i += 2) {
            assertThat(start.get(i).asString()).startsWith("--");
            settings.append(start.get(i).asString().substring(2))
                    .append(": ")
                    .append(start.get(i + 1).asString())
                    .append('\n');
        }
        ServerSettings read =
                settings(settings.toString(), List.of("/models/my-model", "/data", "/etc/cogvideo/keys.txt"));
        assertThat(lines).contains("EXPOSE " + read.network().port());
    }

    @Test
    void prometheusAsksForTheMetrics() throws IOException {
        Object job = at(yaml(deployed("prometheus.yml")).getFirst(), "scrape_configs", 0);
        requireRoute((String) at(job, "metrics_path"));
    }

    @Test
    void theDashboardShowsMetricsThatExist() throws IOException {
        JsonNode dashboard = JsonMapper.shared().readTree(deployed("grafana-dashboard.json"));
        String told = everyMetric();
        List<String> queries = new ArrayList<>();
        for (JsonNode panel : dashboard.get("panels")) {
            assertThat(panel.get("title").asString()).isNotBlank();
            for (JsonNode target : panel.get("targets")) {
                queries.add(target.get("expr").asString());
            }
        }
        for (JsonNode variable : dashboard.get("templating").get("list")) {
            queries.add(variable.get("query").asString());
        }
        assertThat(queries).hasSizeGreaterThan(10);
        for (String query : queries) {
            for (MatchResult metric : METRIC.matcher(query).results().toList()) {
                assertThat(told).as(query).containsPattern("(?m)^" + metric.group() + "[ {]");
            }
        }
    }

    /// The text of metrics of which each has been counted once.
    private static String everyMetric() {
        Metrics metrics = new Metrics();
        metrics.finished(Job.Operation.CREATE, "completed", Duration.ofSeconds(1), Duration.ofSeconds(2));
        metrics.phase("denoising", Duration.ofSeconds(1));
        metrics.step(Duration.ofSeconds(1));
        metrics.loaded(Duration.ofSeconds(1));
        metrics.refused(JobRefusedException.Reason.QUEUE_FULL);
        metrics.answered("GET", 200, Duration.ofMillis(1));
        return metrics.text(new EngineStatus(
                true,
                true,
                true,
                true,
                false,
                new QueueState(false, 1, 0, 0, 0),
                new EngineStatus.Counts(1, 0, 0, 0),
                1,
                1,
                1,
                List.of(),
                1));
    }

    @Test
    void nginxPassesRoutesThatExist() throws IOException {
        String text = deployed("nginx.conf").replaceAll("(?m)^\\s*#.*$", "");
        assertThat(text.chars().filter(c -> c == '{').count())
                .isEqualTo(text.chars().filter(c -> c == '}').count());
        assertThat(text.lines().map(String::strip).filter(line -> !line.isEmpty()))
                .allMatch(line -> line.matches(".*[;{}]$"));
        for (MatchResult location :
                Pattern.compile("location = (\\S+)").matcher(text).results().toList()) {
            requireRoute(location.group(1));
        }
    }

    @Test
    void theServiceIsAListOfSettings() throws IOException {
        List<String> sections = new ArrayList<>();
        for (String line : deployed("cogvideo.service").lines().toList()) {
            if (line.startsWith("[")) {
                sections.add(line);
            } else if (!line.isBlank() && !line.startsWith("#")) {
                assertThat(line).matches("[A-Z][A-Za-z]+=.+");
            }
        }
        assertThat(sections).containsExactly("[Unit]", "[Service]", "[Install]");
    }
}
