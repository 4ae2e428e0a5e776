package io.github.cogvideo4j.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The embedded Spark; `scripts/spark-test.sh` has a cluster of several processes.
class SparkBatchTest {
    @TempDir
    private Path folder;

    @Test
    void rowsRunAsTasksAndTellOfThemselves() throws IOException {
        Path rows = folder.resolve("rows.txt");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        Files.write(rows, List.of(folder.resolve("none").toString(), empty.toString()));
        BatchRequest plain = BatchRequest.of(
                TaskKind.VERIFY, rows.toString(), folder.resolve("out").toString(), JsonFile.newObject());
        BatchRequest request = new BatchRequest(
                plain.task(),
                plain.rows(),
                plain.output(),
                plain.defaults(),
                plain.multiply(),
                plain.share(),
                plain.conduct(),
                1,
                Optional.empty(),
                Optional.of(new Cluster("local", Map.of("spark.driver.host", "127.0.0.1"), false)));
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
}
