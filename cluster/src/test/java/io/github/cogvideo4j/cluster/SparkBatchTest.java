package io.github.cogvideo4j.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkFiles;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The embedded Spark; `scripts/spark-test.sh` has a cluster of several processes.
class SparkBatchTest {
    @TempDir
    private Path folder;

    @Test
    void rowsRunAsTasksAndTellOfThemselves() throws IOException {
        Path rows = folder.resolve("rows.txt");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        Files.write(rows, List.of(folder.resolve("none").toString(), empty.toString()));
        BatchRequest request = embedded(BatchRequest.of(
                TaskKind.VERIFY, rows.toString(), folder.resolve("out").toString(), JsonFile.newObject()));
        assertThat(BatchRequest.read(request.toJson()).toJson()).isEqualTo(request.toJson());
        List<String> told = new ArrayList<>();
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            BatchReport report = plan.run(JobControl.of(event -> {
                if (event instanceof BatchEvent.RowEnded ended) {
                    told.add(ended.id() + " " + ended.errorCode().orElse(""));
                }
            }));
            assertThat(report.failed()).isEqualTo(2);
        }
        assertThat(told).hasSize(2).anyMatch(text -> text.startsWith("1 ")).anyMatch(text -> text.startsWith("2 "));
        assertThat(Files.readAllLines(folder.resolve("out/manifest.jsonl"))).hasSize(2);
    }

    private static BatchRequest embedded(BatchRequest plain) {
        return OneThread.of(
                plain,
                plain.scratch(),
                Optional.of(new Cluster(Cluster.EMBEDDED, Map.of("spark.driver.host", "127.0.0.1"), false)));
    }

    private BatchRequest videos(String output, String... prompts) throws IOException {
        Path rows = Files.write(folder.resolve(output.contains(".") ? output : output + ".txt"), List.of(prompts));
        return embedded(BatchRequest.of(
                TaskKind.GENERATE,
                rows.toString(),
                folder.resolve(output + ".out").toString(),
                Batches.defaults()));
    }

    private static BatchReport run(BatchRequest request) throws IOException {
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            return plan.run(JobControl.none());
        }
    }

    /// What planned the rows makes them; it has the model open.
    @Test
    void theEmbeddedSparkOpensTheModelOnce() throws IOException {
        BatchReport report = run(videos("once", "a cat", "a dog"));
        assertThat(report.completed()).isEqualTo(2);
        assertThat(report.loads()).isEqualTo(1);
        assertThat(report.perHour())
                .hasSize(1)
                .allSatisfy((device, rate) -> assertThat(device).endsWith(" cpu"));
    }

    /// Rows of several models may come in any order.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void eachOfSeveralModelsIsOpenedOnce(boolean spark) throws IOException {
        String other = Resources.golden("pipelines/t2v-5b").toString();
        BatchRequest both = videos(
                "both.jsonl",
                "{\"prompt\": \"a cat\"}",
                "{\"prompt\": \"a cat\", \"model\": \"" + other + "\"}",
                "{\"prompt\": \"a dog\", \"height\": 64}",
                "{\"prompt\": \"a dog\", \"model\": \"" + other + "\", \"height\": 64}");
        BatchReport report = run(OneThread.of(both, both.scratch(), spark ? both.cluster() : Optional.empty()));
        assertThat(report.completed()).isEqualTo(4);
        assertThat(report.loads()).isEqualTo(2);
    }

    /// A program that has a Spark of its own keeps it, and its executors keep the model from batch to batch.
    @Test
    void theBatchesOfASessionShareTheModel() throws IOException {
        SparkConf conf =
                new SparkConf().setMaster("local[1]").setAppName("session").set("spark.ui.enabled", "false");
        try (JavaSparkContext session = new JavaSparkContext(conf.set("spark.driver.host", "127.0.0.1"))) {
            assertThat(run(videos("first", "a cat", "a dog")).loads()).isEqualTo(1);
            assertThat(run(videos("second", "a cow")).loads()).isZero();
            assertThat(session.sc().isStopped()).isFalse();
        }
    }

    /// A model that travels is used where it came to, and found open by the next batch.
    @Test
    void aModelThatTravelsIsPutTogetherFromItsFiles() throws IOException {
        SparkConf conf =
                new SparkConf().setMaster("local[1]").setAppName("session").set("spark.ui.enabled", "false");
        try (JavaSparkContext _ = new JavaSparkContext(conf.set("spark.driver.host", "127.0.0.1"))) {
            BatchRequest first = shipping(videos("first", "a cat"));
            assertThat(run(first).loads()).isEqualTo(1);
            try (Stream<Path> files = Files.list(folder.resolve("first.out/videos"))) {
                Path record = files.filter(file -> file.toString().endsWith(".json"))
                        .findFirst()
                        .orElseThrow();
                assertThat(Files.readString(record)).contains(SparkFiles.getRootDirectory() + "/model-");
            }
            assertThat(run(shipping(videos("second", "a cat"))).loads()).isZero();
        }
        run(videos("plain", "a cat"));
        assertThat(sha256("first")).isEqualTo(sha256("plain"));
    }

    private String sha256(String output) throws IOException {
        String line = Files.readString(folder.resolve(output + ".out/manifest.jsonl"));
        return JsonFile.parseObject(line, Place.nowhere(), ProblemCode.MANIFEST)
                .get("sha256")
                .stringValue();
    }

    private static BatchRequest shipping(BatchRequest plain) {
        Cluster cluster = plain.cluster().orElseThrow();
        return OneThread.of(
                plain, plain.scratch(), Optional.of(new Cluster(cluster.master(), cluster.settings(), true)));
    }

    /// As without Spark: what is wrong with the machine ends the batch and says what it was.
    @Test
    void whatTheMachineLacksIsSaidAsItIs() throws IOException {
        BatchRequest request = videos("broken", "a cat");
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        BatchRequest blocked = OneThread.of(request, Optional.of(file.resolve("scratch")), request.cluster());
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> run(blocked))
                .withMessageContaining(file.toString());
    }
}
