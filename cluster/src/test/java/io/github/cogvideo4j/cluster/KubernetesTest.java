package io.github.cogvideo4j.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Masters that are neither `local` nor `spark://`. `scripts/spark-kubernetes-test.sh` runs what is asked for here.
class KubernetesTest {
    @TempDir
    private Path folder;

    private BatchRequest request(String master, Map<String, String> settings) throws IOException {
        Path rows = Files.writeString(folder.resolve("rows.txt"), folder.resolve("none") + "\n");
        BatchRequest plain = BatchRequest.of(
                TaskKind.VERIFY, rows.toString(), folder.resolve("out").toString(), JsonFile.newObject());
        return OneThread.of(plain, Optional.empty(), Optional.of(new Cluster(master, settings, false)));
    }

    /// A batch asks for executors as it is told to, with the program's jars in front of Spark's; Ctrl-C ends it.
    @Test
    void executorsAreAskedForAsPods() throws IOException {
        Cancellation cancellation = new Cancellation();
        Queue<ObjectNode> asked = new ConcurrentLinkedQueue<>();
        try (FakeKubernetes kubernetes = new FakeKubernetes(0, (pod, _) -> {
            asked.add(pod);
            cancellation.cancel();
        })) {
            BatchRequest request = request(
                    kubernetes.master(),
                    Map.ofEntries(
                            Map.entry("spark.driver.host", "127.0.0.1"),
                            Map.entry("spark.driver.bindAddress", "127.0.0.1"),
                            Map.entry("spark.ui.enabled", "false"),
                            Map.entry("spark.executor.instances", "1"),
                            Map.entry("spark.executor.cores", "8"),
                            Map.entry("spark.executor.memory", "1g"),
                            Map.entry("spark.executor.memoryOverhead", "30g"),
                            Map.entry("spark.executor.extraClassPath", "/opt/cogvideo/lib/cogvideo.jar"),
                            Map.entry("spark.executor.resource.gpu.amount", "1"),
                            Map.entry("spark.executor.resource.gpu.vendor", "nvidia.com"),
                            Map.entry("spark.executor.resource.gpu.discoveryScript", "/opt/cogvideo/spark/devices"),
                            Map.entry("spark.task.resource.gpu.amount", "1"),
                            Map.entry("spark.kubernetes.namespace", "videos"),
                            Map.entry("spark.kubernetes.container.image", "registry.example/cogvideo-spark:1"),
                            Map.entry("spark.kubernetes.authenticate.executor.serviceAccountName", "maker"),
                            Map.entry("spark.kubernetes.executor.enableApiWatcher", "false")));
            try (PlannedBatch plan = request.plan(JobControl.none())) {
                assertThatExceptionOfType(CancelledException.class)
                        .isThrownBy(() -> plan.run(new JobControl(_ -> {}, cancellation)));
            }
        }
        ObjectNode pod = asked.element();
        assertThat(pod.at("/metadata/namespace").stringValue()).isEqualTo("videos");
        assertThat(pod.at("/spec/serviceAccountName").stringValue()).isEqualTo("maker");
        JsonNode container = pod.at("/spec/containers/0");
        assertThat(container.path("image").stringValue()).isEqualTo("registry.example/cogvideo-spark:1");
        assertThat(container.at("/args/0").stringValue()).isEqualTo("executor");
        assertThat(container.at("/resources/limits/memory").stringValue()).isEqualTo("31744Mi");
        assertThat(container.at("/resources/requests/cpu").stringValue()).isEqualTo("8");
        assertThat(container.at("/resources/limits").path("nvidia.com/gpu").stringValue())
                .isEqualTo("1");
        assertThat(container.path("env"))
                .anyMatch(variable -> variable.path("name").asString("").equals("SPARK_CLASSPATH")
                        && variable.path("value").asString("").equals("/opt/cogvideo/lib/cogvideo.jar"));
        assertThat(folder.resolve("out/manifest.jsonl")).doesNotExist();
    }

    /// One sentence, and nothing is begun.
    @Test
    void aMasterThatSparkHasNoJarsForIsRefused() throws IOException {
        try (PlannedBatch plan = request("yarn", Map.of()).plan(JobControl.none())) {
            assertThatExceptionOfType(MissingCapabilityException.class)
                    .isThrownBy(() -> plan.run(JobControl.none()))
                    .satisfies(e -> assertThat(e.problem().message().text())
                            .contains("\"yarn\"")
                            .contains("YARN"));
        }
    }
}
