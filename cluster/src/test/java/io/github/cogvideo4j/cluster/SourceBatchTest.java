package io.github.cogvideo4j.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// Batches of what the library does besides videos: the same rows, manifest and resume.
class SourceBatchTest {
    @TempDir
    private Path folder;

    private BatchReport run(TaskKind task, ObjectNode defaults, String... lines) throws IOException {
        Path rows = folder.resolve("rows.txt");
        Files.write(rows, List.of(lines));
        BatchRequest request = BatchRequest.of(
                task, rows.toString(), folder.resolve(task.toString()).toString(), defaults);
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            return plan.run(JobControl.none());
        }
    }

    private List<ObjectNode> manifest(TaskKind task) throws IOException {
        return Files.readAllLines(folder.resolve(task + "/manifest.jsonl")).stream()
                .map(line -> JsonFile.parseObject(line, Place.nowhere(), ProblemCode.MANIFEST))
                .toList();
    }

    @Test
    void checkpointsAreConvertedAndTheFoldersVerified() throws IOException {
        Path checkpoint = Resources.fixture("sample-t2v-2b/output/checkpoint-3");
        ObjectNode base = JsonFile.newObject()
                .put("base", Resources.golden("pipelines/t2v-2b").toString());
        BatchReport converted = run(
                TaskKind.CONVERT,
                base,
                checkpoint.toString(),
                folder.resolve("gone").toString());
        assertThat(converted.completed()).isEqualTo(1);
        assertThat(converted.failed()).isEqualTo(1);
        assertThat(run(
                                TaskKind.CONVERT,
                                base,
                                checkpoint.toString(),
                                folder.resolve("gone").toString())
                        .made())
                .isZero();
        ObjectNode row = manifest(TaskKind.CONVERT).stream()
                .filter(one -> one.get("status").stringValue().equals("completed"))
                .findFirst()
                .orElseThrow();
        Path output = folder.resolve("convert");
        ObjectNode report =
                JsonFile.readObject(output.resolve(row.get("file").stringValue()), 1 << 20, ProblemCode.MANIFEST);
        Path model = output.resolve("models").resolve(report.get("model").stringValue());
        assertThat(model.resolve("model_index.json")).isRegularFile();

        BatchReport verified = run(TaskKind.VERIFY, JsonFile.newObject(), model.toString(), checkpoint.toString());
        assertThat(verified.completed()).isEqualTo(1);
        assertThat(verified.failed()).isEqualTo(1);
    }

    /// A process that was killed had committed a row and not yet added it to the manifest: it is not done again, and a
    /// line that was being written when it died counts as none.
    @Test
    void whatWasCommittedBeforeAKillIsDone() throws IOException {
        String gone = folder.resolve("gone").toString();
        run(TaskKind.VERIFY, JsonFile.newObject(), gone);
        Path manifest = folder.resolve("verify/manifest.jsonl");
        String line = Files.readString(manifest);
        Path part = folder.resolve("verify/manifest/000001-"
                + manifest(TaskKind.VERIFY).getFirst().get("key").stringValue() + ".jsonl");
        Files.writeString(part, line);
        Files.writeString(manifest, line.substring(0, line.indexOf("\"settings\"") + 13));
        BatchReport again = run(TaskKind.VERIFY, JsonFile.newObject(), gone);
        assertThat(again.failed()).isEqualTo(1);
        assertThat(again.failures()).isEmpty();
        assertThat(Files.readString(manifest)).isEqualTo(line);
    }

    @Test
    void videosAreMeasured() throws IOException {
        Path video = folder.resolve("still.mp4");
        try (Video blank = Video.allocate(4, 48, 80, 8)) {
            blank.save(video, false);
        }
        BatchReport report = run(TaskKind.SCORE, JsonFile.newObject(), video.toString());
        assertThat(report.failures()).containsKey("video");
        ObjectNode row = manifest(TaskKind.SCORE).getFirst();
        assertThat(Files.readString(
                        folder.resolve("score").resolve(row.get("file").stringValue())))
                .contains("\"videos\"");
    }
}
