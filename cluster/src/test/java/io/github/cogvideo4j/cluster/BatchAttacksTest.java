package io.github.cogvideo4j.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.AttackTable;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// Rows, folders and manifests made to do harm. Rows here are models to verify: they need no seconds each.
class BatchAttacksTest {
    private static final String KEY = "ab".repeat(32);

    @TempDir
    private Path folder;

    private BatchRequest request(TaskKind task, Path rows) {
        ObjectNode defaults = JsonFile.newObject();
        if (task == TaskKind.GENERATE) {
            defaults.put("model", folder.resolve("no-model").toString());
        }
        return BatchRequest.of(task, rows.toString(), folder.resolve("out").toString(), defaults);
    }

    private List<String> refusals(TaskKind task, Path rows) throws IOException {
        try (PlannedBatch plan = request(task, rows).plan(JobControl.none())) {
            assertThat(plan.malformedRows()).isEqualTo(plan.malformed().size());
            return plan.malformed().stream()
                    .map(problem -> problem.message().text())
                    .toList();
        }
    }

    private Path rows(String name, String... lines) throws IOException {
        return Files.write(folder.resolve(name), List.of(lines));
    }

    private BatchReport run(Path rows) throws IOException {
        try (PlannedBatch plan = request(TaskKind.VERIFY, rows).plan(JobControl.none())) {
            return plan.run(JobControl.none());
        }
    }

    private Path aModel() throws IOException {
        return Files.createDirectories(folder.resolve("a-model"));
    }

    @Test
    @Attack(
            name = "row-id-traversal",
            tries = "an id or a prompt that is a path: `../../.bashrc`, `/etc/x`, with line breaks",
            fails = "an id is only written into the manifest; of a prompt or a path, letters and digits become a name")
    void idsAreNoPaths() throws IOException {
        Path source = Files.createDirectories(folder.resolve("a\n..%2f'; rm -rf"));
        ObjectNode row = JsonFile.newObject().put("id", "../../escaped\n").put("source", source.toString());
        assertThat(run(rows("rows.jsonl", row.toString())).failed()).isEqualTo(1);
        assertThat(Files.readAllLines(folder.resolve("out/manifest.jsonl")))
                .singleElement()
                .asString()
                .contains("../../escaped\\n");
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.map(file -> String.valueOf(file.getFileName())))
                    .noneMatch(name -> name.contains("escaped"));
        }
        try (Stream<Path> reports = Files.list(folder.resolve("out/reports"))) {
            assertThat(reports.map(file -> String.valueOf(file.getFileName())))
                    .allMatch(name -> name.matches("[a-z0-9-]+\\.json"));
        }
    }

    @Test
    @Attack(
            name = "row-size",
            tries = "a line of many megabytes, or a quoted cell that never ends",
            fails = "a row has 1 MiB at most; what is longer is skipped and told by its line")
    void rowsAreLimited() throws IOException {
        Path lines = folder.resolve("rows.jsonl");
        try (BufferedWriter writer = Files.newBufferedWriter(lines)) {
            for (int i = 0; i < 40; i++) {
                writer.write("x".repeat(1 << 20));
            }
            writer.write("\n{\"source\": \"" + aModel() + "\"}\n");
        }
        assertThat(refusals(TaskKind.VERIFY, lines)).containsExactly("line 1: the row is longer than 1 MiB");
        Path table = folder.resolve("rows.csv");
        try (BufferedWriter writer = Files.newBufferedWriter(table)) {
            writer.write("source\n\"");
            for (int i = 0; i < 3; i++) {
                writer.write("x".repeat(1 << 19) + "\n");
            }
        }
        assertThat(refusals(TaskKind.VERIFY, table).getFirst()).contains("longer than 1 MiB");
    }

    @Test
    @Attack(
            name = "row-multiplied",
            tries = "a row that asks for a billion videos by `n`, `seeds` or a grid",
            fails = "a row comes to 100,000 results at most, which is compared before any is made")
    void rowsAreMultipliedWithinBounds() throws IOException {
        assertThat(refusals(
                        TaskKind.GENERATE,
                        rows(
                                "rows.jsonl",
                                "{\"prompt\": \"a\", \"n\": 1000000000}",
                                "{\"prompt\": \"a\", \"seeds\": \"0..99999\", \"n\": 99999}",
                                "{\"prompt\": \"a\", \"seeds\": \"0..9999999999\"}")))
                .hasSize(3);
    }

    @Test
    @Attack(
            name = "row-pipe",
            tries = "a picture or a source that is a pipe or `/dev/zero`, which has no end",
            fails = "inputs are regular files or folders")
    void inputsHaveAnEnd() throws IOException {
        BatchReport report = run(rows("rows.txt", "/dev/zero", "/dev/stdin"));
        assertThat(report.failed()).isEqualTo(2);
        assertThat(Files.readString(folder.resolve("out/manifest.jsonl"))).contains("/dev/zero");
    }

    @Test
    @Attack(
            name = "folder-links",
            tries = "a folder of results in which `reports` or `videos` is a link to somebody's files, which the next "
                    + "batch would replace and `--gc` delete",
            fails = "a batch follows no link inside its folder")
    void linksAreNotFollowed() throws IOException {
        Path precious = Files.createDirectories(folder.resolve("precious"));
        Files.writeString(precious.resolve("thesis.txt"), "years");
        Files.createDirectories(folder.resolve("out"));
        Files.createSymbolicLink(folder.resolve("out/reports"), precious);
        run(rows("rows.txt", aModel().toString()));
        try (BatchFolder opened = BatchFolder.open(folder.resolve("out").toString(), Map.of())) {
            assertThatExceptionOfType(OutputException.class).isThrownBy(opened::collectGarbage);
        }
        assertThat(precious.resolve("thesis.txt")).hasContent("years");
        assertThat(precious.toFile().list()).containsExactly("thesis.txt");
    }

    @Test
    @Attack(
            name = "batch-manifest-traversal",
            tries = "a line of the manifest whose file is `../../secret`, absolute, or hidden",
            fails = "a result lies in `videos` or `reports`, under a plain name, or the manifest is refused")
    void manifestsNameResultsOnly() throws IOException {
        run(rows("rows.txt", aModel().toString()));
        for (String file :
                List.of("../../secret", "/etc/passwd", "videos/../../x", "videos/.x", "page/x", "videos\\x")) {
            ObjectNode row = JsonFile.newObject()
                    .put("key", KEY)
                    .put("status", "completed")
                    .put("file", file);
            Files.writeString(folder.resolve("out/manifest.jsonl"), row + "\n");
            assertThatExceptionOfType(MalformedFileException.class)
                    .isThrownBy(() -> run(folder.resolve("rows.txt")))
                    .withMessageContaining("line 1");
        }
    }

    @Test
    @Attack(
            name = "batch-manifest-flood",
            tries = "a manifest of one line of many megabytes",
            fails = "a line has 8 MiB at most")
    void linesOfTheManifestAreLimited() throws IOException {
        Path rows = rows("rows.txt", aModel().toString());
        run(rows);
        try (BufferedWriter writer = Files.newBufferedWriter(folder.resolve("out/manifest.jsonl"))) {
            for (int i = 0; i < 20; i++) {
                writer.write("x".repeat(1 << 20));
            }
            writer.write("\n");
        }
        assertThatExceptionOfType(MalformedFileException.class)
                .isThrownBy(() -> run(rows))
                .withMessageContaining("8 MiB");
    }

    @Test
    @Attack(
            name = "page-script",
            tries = "an id, a prompt or a batch's name with `</script>`, which the page would run",
            fails = "rows are data in files of their own, shown as text; what is in the page itself is escaped")
    void thePageShowsTextAsText() throws IOException {
        String evil = "</script><script>alert(1)</script>";
        Path rows = folder.resolve("<script>alert(2).jsonl");
        Files.writeString(rows, JsonFile.newObject().put("id", evil).put("source", aModel().toString()) + "\n");
        run(rows);
        try (BatchFolder opened = BatchFolder.open(folder.resolve("out").toString(), Map.of())) {
            opened.writePage(Locale.ENGLISH);
        }
        assertThat(folder.resolve("out/index.html"))
                .content()
                .doesNotContain("<script>alert")
                .doesNotContain("innerHTML");
        assertThat(folder.resolve("out/page/rows-0.js")).content().startsWith("batchRows(0,[{");
    }

    @Test
    @Attack(
            name = "parquet-list",
            tries = "a Parquet file of 800 bytes whose one row has a list of 30 million numbers",
            fails = "what a row takes is counted while it is put together")
    void aListOfMillionsIsARowThatIsTooLong() throws IOException {
        Path file = folder.resolve("rows.parquet");
        try (var stream = BatchAttacksTest.class.getResourceAsStream("internal/parquet/long-list.parquet")) {
            Files.copy(java.util.Objects.requireNonNull(stream), file);
        }
        assertThat(refusals(TaskKind.GENERATE, file)).containsExactly("row 1: the row is longer than 1 MiB");
    }

    @Test
    @Attack(
            name = "rows-from-the-web",
            tries = "a list or a folder at an address of the web",
            fails = "only file systems are opened, and http and https are none")
    void theWebIsNoFileSystem() {
        for (String scheme : List.of("http", "https")) {
            BatchRequest web = BatchRequest.of(
                    TaskKind.VERIFY, scheme + "://127.0.0.1:9/rows.jsonl", folder + "/out", JsonFile.newObject());
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> web.plan(JobControl.none()))
                    .withMessageContaining(scheme);
        }
    }

    @Test
    @Attack(
            name = "batch-secrets",
            tries = "to read a store's keys, given as settings of Spark, from the folder of results",
            fails = "settings of a cluster are in no file of the folder")
    void keysStayOutOfTheFolder() throws IOException {
        BatchRequest plain = request(TaskKind.VERIFY, rows("rows.txt", aModel().toString()));
        BatchRequest request = OneThread.of(
                plain,
                Optional.empty(),
                Optional.of(new Cluster(
                        "local",
                        Map.of("spark.hadoop.fs.s3a.secret.key", "hunter2-s3", "spark.driver.host", "127.0.0.1"),
                        false)));
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            plan.run(JobControl.none());
        }
        try (Stream<Path> files = Files.walk(folder.resolve("out"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file)).doesNotContain("hunter2");
            }
        }
    }

    @Test
    void theDocumentNamesTheseAttacks() throws IOException {
        assertThat(AttackTable.documented("### cluster")).isEqualTo(AttackTable.tested(BatchAttacksTest.class));
    }
}
