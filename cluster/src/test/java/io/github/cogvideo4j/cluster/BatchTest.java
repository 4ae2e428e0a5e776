package io.github.cogvideo4j.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest.Conduct;
import io.github.cogvideo4j.cluster.BatchRequest.Multiply;
import io.github.cogvideo4j.cluster.BatchRequest.Share;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class BatchTest extends Batches {
    /// Each is what `generate` makes of its row, to the byte; the model is opened once.
    @Test
    void everyRowIsMadeOnceAndAsByItself() throws IOException {
        BatchRequest request = request(
                "rows.jsonl",
                "{\"id\": \"cat\", \"prompt\": \"a cat\"}",
                "{\"custom_id\": \"dog\", \"method\": \"POST\", "
                        + "\"url\": \"/v1/videos\", \"body\": {\"prompt\": \"a dog\", \"seed\": 7}}",
                "",
                "{\"prompt\": \"a cat\", \"num-inference-steps\": 2}");
        BatchReport report = run(request);
        assertThat(report.completed()).isEqualTo(3);
        assertThat(report.failed()).isZero();
        assertThat(report.loads()).isEqualTo(1);
        List<ObjectNode> rows = manifest();
        assertThat(rows).extracting(row -> row.get("id").stringValue()).containsExactlyInAnyOrder("cat", "dog", "4");
        Path alone = folder.resolve("alone.mp4");
        try (PlannedGeneration plan = new GenerationJob(small("a dog", alone).withSeed(7)).plan(JobControl.none())) {
            plan.run(JobControl.none());
        }
        ObjectNode dog = rows.stream()
                .filter(row -> row.get("id").stringValue().equals("dog"))
                .findFirst()
                .orElseThrow();
        assertThat(output.resolve(dog.get("file").stringValue())).hasSameBinaryContentAs(alone);
        assertThat(dog.get("status").stringValue()).isEqualTo("completed");
        assertThat(dog.get("row").intValue()).isEqualTo(2);
        assertThat(dog.get("seed").intValue()).isEqualTo(7);
        assertThat(dog.get("device").stringValue()).isEqualTo("cpu");
        assertThat(dog.get("attempt").intValue()).isEqualTo(1);
        assertThat(dog.get("file").stringValue()).matches("videos/a-dog-7-[0-9a-f]{20}\\.mp4");
        for (ObjectNode row : rows) {
            assertThat(output.resolve(row.get("file").stringValue() + ".json")).isRegularFile();
            assertThat(output.resolve(row.get("file").stringValue() + ".contact-sheet.png"))
                    .isRegularFile();
        }
    }

    @Test
    void whatIsThereIsNotMadeAgainAndWhatIsMissingIs() throws IOException {
        BatchRequest first = with(
                request("rows.txt", "a cat", "a dog"),
                new Multiply(List.of(1L, 2L), Map.of(), OptionalInt.empty()),
                Optional.empty(),
                Conduct.usual());
        Cancellation cancellation = new Cancellation();
        JobControl stopping = new JobControl(
                event -> {
                    if (event instanceof BatchEvent.RowEnded) {
                        cancellation.cancel();
                    }
                },
                cancellation);
        try (PlannedBatch plan = first.plan(JobControl.none())) {
            assertThat(plan.left()).isEqualTo(4);
            assertThatExceptionOfType(CancelledException.class).isThrownBy(() -> plan.run(stopping));
        }
        assertThat(manifest()).hasSize(1);
        Set<String> before = files();
        // A process that was killed: a result without a row, a mark, a file that is not whole.
        Files.writeString(output.resolve("videos/.x.mp4.1234.part"), "half");
        try (PlannedBatch plan = first.plan(JobControl.none())) {
            assertThat(plan.left()).isEqualTo(3);
            assertThat(plan.isMeasured()).isTrue();
            assertThat(plan.run(JobControl.none()).made()).isEqualTo(3);
        }
        assertThat(manifest()).hasSize(4).extracting(row -> row.get("key")).doesNotHaveDuplicates();
        assertThat(files()).containsAll(before);
        BatchReport third = run(first);
        assertThat(third.made()).isZero();
        assertThat(third.completed()).isEqualTo(4);
        try (BatchFolder opened = BatchFolder.open(output.toString(), Map.of())) {
            assertThat(opened.collectGarbage()).containsExactly("videos/.x.mp4.1234.part");
            assertThat(opened.verify(JobControl.none())).isEmpty();
        }
    }

    /// A result whose process died before it could say so is found under its name, and a mark tells of the try.
    @Test
    void anAttemptThatToldNobodyIsFoundAndCounted() throws IOException {
        BatchRequest request = request("rows.txt", "a cat");
        run(request);
        ObjectNode made = manifest().getFirst();
        Files.delete(output.resolve("manifest.jsonl"));
        Files.createDirectories(output.resolve("manifest"));
        Files.writeString(output.resolve("manifest/try-" + made.get("key").stringValue() + "-1"), "");
        run(request);
        ObjectNode again = manifest().getFirst();
        assertThat(again.get("attempt").intValue()).isEqualTo(2);
        assertThat(again.get("file")).isEqualTo(made.get("file"));
        assertThat(again.get("sha256")).isEqualTo(made.get("sha256"));
        assertThat(output.resolve("manifest")).isEmptyDirectory();
    }

    @Test
    void aRowThatKillsItsProcessFourTimesFails() throws IOException {
        BatchRequest request = request("rows.txt", "a cat", "a dog");
        BatchReport report = run(request);
        assertThat(report.completed()).isEqualTo(2);
        String key = manifest().getFirst().get("key").stringValue();
        Files.delete(output.resolve("manifest.jsonl"));
        Files.createDirectories(output.resolve("manifest"));
        for (int i = 1; i <= 4; i++) {
            Files.writeString(output.resolve("manifest/try-" + key + "-" + i), "");
        }
        BatchReport again = run(request);
        assertThat(again.failures()).containsExactly(Map.entry("process-lost", 1));
        assertThat(again.completed()).isEqualTo(1);
    }

    @Test
    void aRowThatCannotBeMadeFailsByItself() throws IOException {
        BatchRequest request = request(
                "rows.csv",
                "id,prompt,image,height",
                "bad size,a cat,,47",
                "no picture,a cat," + folder.resolve("none.png") + ",",
                "\"good, \"\"quoted\"\"\",a cat,,");
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            assertThat(plan.expected())
                    .extracting(problem -> problem.message().text())
                    .anyMatch(text -> text.startsWith("line 2: "))
                    .anyMatch(text -> text.equals("line 3: the file does not exist"));
            assertThat(output).doesNotExist();
            BatchReport report = plan.run(JobControl.none());
            assertThat(report.failed()).isEqualTo(2);
            assertThat(report.completed()).isEqualTo(1);
        }
        assertThat(manifest())
                .filteredOn(row -> row.get("status").stringValue().equals("failed"))
                .allSatisfy(row -> {
                    assertThat(row.get("error_code").stringValue()).isNotEmpty();
                    assertThat(row.get("file").isNull()).isTrue();
                });
        assertThat(manifest()).extracting(row -> row.get("id").stringValue()).contains("good, \"quoted\"");
        // They are left alone until they are to be tried again.
        assertThat(run(request).made()).isZero();
        Files.copy(firstPicture(), folder.resolve("none.png"));
        BatchReport retried =
                run(with(request, Multiply.none(), Optional.empty(), new Conduct(true, false, OptionalInt.empty())));
        assertThat(retried.failed()).isEqualTo(2);
    }

    private Path firstPicture() throws IOException {
        try (Stream<Path> files = Files.walk(output)) {
            return files.filter(file -> file.toString().endsWith(".png"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void aBatchStopsWhenTooMuchFails() throws IOException {
        BatchRequest request =
                request("rows.jsonl", "{\"prompt\": \"a\", \"height\": 47}", "{\"prompt\": \"b\", \"height\": 47}");
        BatchReport report =
                run(with(request, Multiply.none(), Optional.empty(), new Conduct(false, false, OptionalInt.of(0))));
        assertThat(report.stopped()).isTrue();
        assertThat(report.failed()).isEqualTo(1);
        assertThat(report.left()).isEqualTo(1);
    }

    @Test
    void aFolderOfAnotherBatchIsRefusedByItsName() throws IOException {
        run(request("rows.txt", "a cat"));
        BatchRequest other = request("other.txt", "a dog");
        assertThatExceptionOfType(OutputException.class)
                .isThrownBy(() -> run(other))
                .withMessageContaining("rows.txt");
        BatchReport added =
                run(with(other, Multiply.none(), Optional.empty(), new Conduct(false, true, OptionalInt.empty())));
        assertThat(added.completed()).isEqualTo(1);
        assertThat(manifest()).hasSize(2);
    }

    @Test
    void aFolderIsFilledByOneProcess() throws IOException {
        BatchRequest request = request("rows.txt", "a cat");
        run(request);
        try (BatchFolder _ = BatchFolder.open(output.toString(), Map.of())) {
            assertThatExceptionOfType(OutputException.class)
                    .isThrownBy(() -> run(request))
                    .satisfies(e -> assertThat(e.problem().message().text())
                            .contains(Long.toString(ProcessHandle.current().pid())));
        }
        // Of a process that is gone nothing is left but a file.
        Files.writeString(output.resolve(".lock"), "{\"host\": \"here\", \"pid\": 1}\n");
        assertThat(run(request).completed()).isEqualTo(1);
    }

    /// Each part is made by a process that knows nothing of the others, and the whole is what one process makes.
    @Test
    void partsComeTogether() throws IOException {
        BatchRequest request = with(
                request("rows.txt", "a cat", "a dog", "a cow", "a bee", "an ant"),
                Multiply.none(),
                Optional.empty(),
                Conduct.usual());
        for (int i = 0; i < 3; i++) {
            BatchReport part = run(with(request, Multiply.none(), Optional.of(new Share(i, 3)), Conduct.usual()));
            assertThat(part.made()).isBetween(1L, 2L);
        }
        assertThat(output.resolve("manifest.jsonl")).doesNotExist();
        try (BatchFolder opened = BatchFolder.open(output.toString(), Map.of())) {
            opened.merge();
            assertThat(opened.standing().get("completed").intValue()).isEqualTo(5);
            assertThat(opened.standing().get("left").intValue()).isZero();
            opened.writePage(Locale.ENGLISH);
        }
        assertThat(manifest()).hasSize(5).extracting(row -> row.get("key")).doesNotHaveDuplicates();
        assertThat(files()).noneMatch(name -> name.startsWith("manifest-"));
        assertThat(run(request).made()).isZero();
        assertThat(output.resolve("index.html")).content().contains("5 of 5 completed");
        assertThat(output.resolve("page/rows-0.js")).content().contains("a cow");
    }

    /// What is no longer what it was is noted, and made again when failed rows are.
    @Test
    void spoiledResultsAreFoundAndMadeAgain() throws IOException {
        BatchRequest request = request("rows.txt", "a cat", "a dog");
        run(request);
        List<String> videos = new ArrayList<>();
        manifest().forEach(row -> videos.add(row.get("file").stringValue()));
        Files.writeString(output.resolve(videos.get(0)), "other");
        Files.delete(output.resolve(videos.get(1)));
        try (BatchFolder opened = BatchFolder.open(output.toString(), Map.of())) {
            assertThat(opened.verify(JobControl.none()))
                    .extracting(Problem::code)
                    .containsExactlyInAnyOrder(ProblemCode.DIFFERENT, ProblemCode.MISSING_FILE);
        }
        BatchReport again =
                run(with(request, Multiply.none(), Optional.empty(), new Conduct(true, false, OptionalInt.empty())));
        assertThat(again.made()).isEqualTo(2);
        try (BatchFolder opened = BatchFolder.open(output.toString(), Map.of())) {
            assertThat(opened.verify(JobControl.none())).isEmpty();
            assertThat(opened.collectGarbage()).containsExactly(videos.get(0) + ".damaged");
        }
    }
}
